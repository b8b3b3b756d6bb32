import assert from "node:assert/strict";
import type { Peer } from "../../../bench/peers/peer.ts";
import { PeerMissing } from "../../../bench/peers/installs.ts";
import { median, spreadOf } from "../../../bench/report/statistics.ts";
import { PeerFailed, runPeer, type Sample } from "../../../bench/run/child.ts";
import { parseCpu, parsePeakRss } from "../../../bench/run/proc.ts";
import { measureRounds, rotated } from "../../../bench/run/rounds.ts";

Deno.test("median() is the one in the middle, or the mean of two", () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
  assert.throws(() => median([]), RangeError);
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
});

Deno.test("parseCpu() adds user and system time, whatever the process is called", () => {
  const stat = "17 (a (b) c) S 1 17 17 0 -1 4194304 100 0 0 0 250 50 7 7 20 0 4 0 1 2 3";
  assert.equal(parseCpu(stat), 3);
});

Deno.test("parsePeakRss() reads the most, not what is there now", () => {
  assert.equal(parsePeakRss("Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n"), 2048 * 1024);
  assert.throws(() => parsePeakRss("Name:\tx\n"));
});

Deno.test("rotated() begins elsewhere and leaves nobody out", () => {
  assert.deepEqual(rotated([1, 2, 3], 0), [1, 2, 3]);
  assert.deepEqual(rotated([1, 2, 3], 4), [2, 3, 1]);
  assert.deepEqual(rotated([], 3), []);
});

Deno.test("measureRounds() takes turns, leaves out who is missing, and who fails from there on", async () => {
  const order: string[] = [];
  const measured = await measureRounds({
    peers: [peer("a"), peer("gone", new PeerMissing("no go")), peer("broken"), peer("b")],
    rounds: 2,
    onProgress: () => {},
    measure(_command, { name }) {
      order.push(name);
      if (name === "broken") return Promise.reject(new PeerFailed("counted something else\nlog"));
      return Promise.resolve(SAMPLE);
    },
  });
  assert.deepEqual(order, ["a", "broken", "b", "b", "a"]);
  assert.deepEqual(
    measured.map(({ peer, samples, missing }) => [peer.name, samples.length, missing]),
    [["a", 2, null], ["gone", 0, "no go"], ["broken", 0, "counted something else"], ["b", 2, null]],
  );
});

const PROGRAM = `console.log('a line of its own'); console.log('@bench {"at":"first"}');`;
const TASK = {
  bootstrap: "127.0.0.1:1",
  topic: "t",
  expected: { handled: 3, rejected: 0, checksum: 30 },
  deadlineMs: 60_000,
};

Deno.test("runPeer() measures a peer that counts right, and ends it", async () => {
  const done = `@bench {"at":"done","handled":3,"rejected":0,"checksum":30}`;
  const sample = await runPeer(
    deno(`${PROGRAM} console.log('${done}'); setInterval(() => {}, 9e8)`),
    TASK,
  );
  assert.ok(sample.cpuSeconds > 0 && sample.seconds > 0 && sample.peakRssBytes > 1e6);
  assert.ok(sample.streamSeconds <= sample.seconds);
  assert.ok(sample.streamCpuSeconds <= sample.cpuSeconds);
  assert.equal(sample.latency, null);
});

Deno.test("runPeer() refuses a peer that counts something else, or ends before", async () => {
  const done = `@bench {"at":"done","handled":2,"rejected":0,"checksum":30}`;
  await assert.rejects(
    runPeer(deno(`${PROGRAM} console.log('${done}'); setInterval(() => {}, 9e8)`), TASK),
    (error) => error instanceof PeerFailed && /handled 2 of 3/.test(error.message),
  );
  await assert.rejects(
    runPeer(deno(`${PROGRAM} console.error("out of luck"); Deno.exit(1)`), TASK),
    (error) => error instanceof PeerFailed && /out of luck/.test(error.message),
  );
});

const SAMPLE: Sample = {
  streamCpuSeconds: 1,
  cpuSeconds: 1,
  seconds: 2,
  streamSeconds: 1,
  peakRssBytes: 1e8,
  latency: null,
};

function peer(name: string, error?: Error): Peer {
  return {
    name,
    title: name,
    decodes: "whole event",
    validates: "nothing",
    prepare: () => error === undefined ? Promise.resolve({ command: [] }) : Promise.reject(error),
  };
}

function deno(program: string) {
  return { command: [Deno.execPath(), "eval", program] };
}
