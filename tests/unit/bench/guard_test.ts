import assert from "node:assert/strict";
import { judge, ratiosOf } from "../../../bench/guard/ratios.ts";
import type { Peer } from "../../../bench/peers/peer.ts";
import type { PeerSamples } from "../../../bench/run/rounds.ts";

Deno.test("ratiosOf() compares within a round, and takes the one in the middle", () => {
  const measured = [samplesOf("service", [1, 8, 3]), samplesOf("other", [4, 10, 10])];
  const [ratio, ...more] = ratiosOf("events", { measured, reference: "other" });
  assert.deepEqual(ratio, { name: "events service/other", value: 0.3 });
  assert.deepEqual(more, []);
});

Deno.test("ratiosOf() does not pass over a row without numbers", () => {
  const gone = { ...samplesOf("service", []), missing: "counted something else" };
  const measured = [gone, samplesOf("other", [1])];
  assert.throws(() => ratiosOf("events", { measured, reference: "other" }), /counted something/);
});

Deno.test("judge() finds what is worse by more than 15 %, and nothing where there was nothing", () => {
  const ratios = [["same", 0.344], ["worse", 0.346], ["better", 0.1], ["new", 9]] as const;
  const baseline = { same: 0.3, worse: 0.3, better: 0.3 };
  const verdicts = judge(ratios.map(([name, value]) => ({ name, value })), baseline);
  assert.deepEqual(verdicts.filter(({ isWorse }) => isWorse).map(({ name }) => name), ["worse"]);
  assert.equal(verdicts.at(-1)?.baseline, null);
});

function samplesOf(name: string, cpu: readonly number[]): PeerSamples {
  const peer: Peer = {
    name,
    title: name,
    decodes: "",
    validates: "",
    prepare: () => Promise.resolve({ command: [] }),
  };
  const samples = cpu.map((streamCpuSeconds) => ({
    streamCpuSeconds,
    cpuSeconds: 100,
    seconds: 1,
    streamSeconds: 1,
    peakRssBytes: 1,
    latency: null,
  }));
  return { peer, samples, missing: null };
}
