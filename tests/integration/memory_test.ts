/** With a large backlog and nothing getting done the service holds what MAX_BUFFER_BYTES allows, and no more. */
import assert from "node:assert/strict";
import { CUT, EmbeddedKafka } from "../../src/broker/mod.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import type { Program } from "../support/program.ts";
import { encodeBatch } from "../support/record_batches.ts";
import { Recording } from "../support/recording.ts";
import { finalCounts, startService, untilAllCommitted, untilServing } from "../support/service.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const TOPIC = "events";
const GROUP = "group";
const PARTITIONS = 6;
const BATCHES = 40;
const MIB = 1 << 20;
const BUFFER_MIB = 24;
/** Unpacked. */
const BACKLOG_MIB = PARTITIONS * BATCHES;
const SETTINGS = {
  MAX_BUFFER_BYTES: String(BUFFER_MIB * MIB),
  HTTP_PORT: "0",
  ENVIRONMENT: "production",
  DLQ_BREAKER: "off",
};
const WITHIN = { withinMs: 40_000 };
const WATCHED_MS = 2_500;
const missing = Deno.build.os === "linux" ? null : "needs /proc";

/** Six partitions with a batch of 1 MiB, forty times, that compresses to nearly nothing. */
async function fill(kafka: EmbeddedKafka, isValid: boolean): Promise<void> {
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const records = events({ seed: partition + 1, count: 20, users: 20 }).map(({ key, value }) => {
      const padding = "x".repeat(MIB / 20);
      return { key, value: value.replace("{", `{"padding":"${padding}",`) + (isValid ? "" : "!") };
    });
    const batch = await encodeBatch({ records, codec: "gzip" });
    for (let left = BATCHES; left > 0; left--) kafka.append({ topic: TOPIC, partition }, batch);
  }
}

async function residentMib({ pid }: Program): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** What all windows hold, in MiB, once that is as much as they may. */
async function heldMib(service: Program): Promise<number> {
  const url = await untilServing(service);
  const held = async () => {
    const { partitions } = await (await fetch(`${url}/status`)).json();
    const windows = partitions.map(({ windowBytes }: { windowBytes: number }) => windowBytes);
    return windows.reduce((sum: number, bytes: number) => sum + bytes, 0) / MIB;
  };
  const until = (mib: number) => mib >= BUFFER_MIB / 2;
  return await eventually("the windows are full", held, { ...WITHIN, until });
}

/** Nothing more is taken in, and nothing piles up: memory settles, and far below what the whole backlog takes. */
async function staysFlat(service: Program): Promise<void> {
  const atFirst = await mostMib(service, WATCHED_MS);
  let before = atFirst;
  const growth = async () => {
    const most = await mostMib(service, WATCHED_MS);
    const grown = most - before;
    before = most;
    return grown;
  };
  const until = (grown: number) => grown <= BUFFER_MIB / 2;
  await eventually("memory grows no more", growth, { ...WITHIN, until });
  assert.ok(before - atFirst <= BACKLOG_MIB / 2, `from ${atFirst} to ${before} MiB`);
  assert.ok(await heldMib(service) <= BUFFER_MIB + PARTITIONS);
}

async function mostMib(service: Program, duringMs: number): Promise<number> {
  let most = 0;
  for (const until = performance.now() + duringMs; performance.now() < until;) {
    most = Math.max(most, await residentMib(service));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return most;
}

testIfPossible("memory stays flat while no handler ends", missing, async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: PARTITIONS } });
  await fill(kafka, true);
  await using recording = await Recording.start();
  await using service = await recording.startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings: { ...SETTINGS, DRAIN_TIMEOUT_MS: "0" },
    plan: { minMs: 600_000, maxMs: 600_000 },
  });
  assert.ok(await heldMib(service) <= BUFFER_MIB + PARTITIONS);
  await staysFlat(service);
  assert.equal((await service.stop()).code, 75);
});

testIfPossible(
  "memory stays flat while the dead-letter topic is down, and then all goes on",
  missing,
  async () => {
    const letters = { partitions: PARTITIONS, configs: { "retention.bytes": String(MIB) } };
    const topics = { [TOPIC]: PARTITIONS, [`${TOPIC}.dlq`]: letters };
    await using kafka = await EmbeddedKafka.start({ topics });
    await fill(kafka, false);
    const restore = kafka.intercept((request, serve) => {
      return request.apiName === "Produce" ? CUT : serve();
    });
    await using service = await startService(kafka, {
      topic: TOPIC,
      group: GROUP,
      settings: SETTINGS,
    });
    assert.ok(await heldMib(service) <= BUFFER_MIB + PARTITIONS);
    await staysFlat(service);
    restore();
    await using client = new KafkaClient(kafka.bootstrap);
    await untilAllCommitted(client, { group: GROUP, topic: TOPIC });
    assert.equal((await service.stop()).code, 0);
    assert.equal(finalCounts(service)["dead_lettered"], PARTITIONS * BATCHES * 20);
  },
);
