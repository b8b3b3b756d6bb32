/**
 * A partition that stands still, for each cause there is: named in log, readiness and status, and the process ends where a
 * restart helps, and nowhere else.
 */
import assert from "node:assert/strict";
import { EmbeddedKafka, ERROR, Faults } from "../../src/broker/mod.ts";
import type { StallCause } from "../../src/ops/stall_cause.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { kafkaTest } from "../support/kafka.ts";
import { encodeBatch, type TestBatch } from "../support/record_batches.ts";
import { type HandlerPlan, Recording } from "../support/recording.ts";
import { logLines, untilJoined, untilServing } from "../support/service.ts";
import {
  assertEnds,
  assertStays,
  HARD_MS,
  SHORT_LIMITS,
  untilNamed,
} from "../support/stalled_partition.ts";
import { stepsAtOnce } from "../support/steps.ts";

const TOPIC = "events";
const GROUP = "group";
const PLACE = { topic: TOPIC, partition: 0 };
const NODE = 0;
/** Messages that are done before anything goes wrong: what goes wrong is at this offset. */
const GOOD = 10;
const WITHIN_MS = 30_000;
const INVALID_COMMIT_OFFSET_SIZE = 28;
/** Shorter than STALL_HARD_MS, so that the lease is gone before commits are to blame. */
const SHORT_SESSION = { SESSION_TIMEOUT_MS: "2000", REBALANCE_TIMEOUT_MS: "2000" };

interface Case {
  readonly cause: StallCause;
  readonly when: string;
  readonly ends?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan?: HandlerPlan;
  readonly breaks: (kafka: EmbeddedKafka, faults: Faults) => void | Promise<void>;
}

const CASES: readonly Case[] = [
  {
    cause: "handler_stuck",
    when: "a handler does not end",
    ends: true,
    plan: { slowOffsets: { [GOOD]: 3_600_000 } },
    breaks: (kafka) => appendEvents(kafka),
  },
  {
    cause: "fetch_silent",
    when: "the leader takes fetches and does not answer",
    ends: true,
    breaks: (_, faults) => void faults.freeze({ api: "Fetch" }),
  },
  {
    cause: "commit_refused",
    when: "commits are refused and heartbeats are not",
    ends: true,
    breaks: async (kafka, faults) => {
      faults.fail({ api: "OffsetCommit" }, INVALID_COMMIT_OFFSET_SIZE);
      await appendEvents(kafka);
    },
  },
  {
    cause: "paused",
    when: "too many messages become dead letters",
    settings: { DLQ_BREAKER: "1/4" },
    breaks: (kafka) =>
      append(kafka, { records: Array.from({ length: 8 }, () => ({ value: "{" })) }),
  },
  {
    cause: "unreadable_batch",
    when: "a batch is in a codec of the future",
    breaks: (kafka) => append(kafka, { records: [{ value: "{}" }], codecBits: 7 }),
  },
  {
    cause: "dead_letters_down",
    when: "the dead-letter topic has too few replicas",
    breaks: async (kafka, faults) => {
      faults.fail({ api: "Produce" }, ERROR.NOT_ENOUGH_REPLICAS);
      await append(kafka, { records: [{ value: "{" }] });
    },
  },
  {
    cause: "handler_failing",
    when: "a handler fails again and again",
    settings: { PROCESSING_MAX_ATTEMPTS: "1000" },
    plan: { failures: { broken: 1_000 } },
    breaks: async (kafka) => {
      const [event] = events({ seed: 2, count: 1 });
      const value = JSON.stringify({ ...JSON.parse(event?.value ?? ""), user_id: "broken" });
      await append(kafka, { records: [{ key: "broken", value }] });
    },
  },
  {
    cause: "joining",
    when: "a rebalance does not end",
    breaks: async (kafka, faults) => {
      faults.fail({ api: "SyncGroup" }, ERROR.REBALANCE_IN_PROGRESS);
      for (const { memberId } of kafka.describeGroup(GROUP)?.members ?? []) {
        kafka.expireSession(GROUP, memberId);
      }
      await appendEvents(kafka);
    },
  },
  {
    cause: "coordinator_away",
    when: "the group has no coordinator",
    settings: SHORT_SESSION,
    breaks: async (kafka, faults) => {
      faults.fail({ api: "FindCoordinator" }, ERROR.COORDINATOR_NOT_AVAILABLE);
      faults.fail({ api: ["Heartbeat", "OffsetCommit", "JoinGroup"] }, ERROR.NOT_COORDINATOR);
      await appendEvents(kafka);
    },
  },
  {
    cause: "brokers_away",
    when: "the only broker is down",
    breaks: (kafka) => kafka.stopNode(NODE),
  },
  {
    cause: "leader_away",
    when: "the leader cuts every connection, and the other broker does not",
    breaks: async (kafka, faults) => {
      const other = kafka.coordinatorOf(GROUP) === 0 ? 1 : 0;
      kafka.moveLeader(PLACE, other);
      faults.cut({ node: other });
      await appendEvents(kafka);
    },
  },
  {
    cause: "authorization",
    when: "the right to read is taken away",
    breaks: (_, faults) =>
      void faults.fail({ api: "Fetch", partition: PLACE }, ERROR.TOPIC_AUTHORIZATION_FAILED),
  },
  {
    cause: "fetch_refused",
    when: "the leader refuses",
    breaks: (_, faults) =>
      void faults.fail({ api: "Fetch", partition: PLACE }, ERROR.UNKNOWN_SERVER_ERROR),
  },
  {
    cause: "position_unknown",
    when: "committed offsets are being loaded, after a rebalance",
    breaks: (kafka, faults) => {
      faults.fail({ api: "OffsetFetch" }, ERROR.COORDINATOR_LOAD_IN_PROGRESS);
      for (const { memberId } of kafka.describeGroup(GROUP)?.members ?? []) {
        kafka.expireSession(GROUP, memberId);
      }
    },
  },
  {
    cause: "transaction_open",
    when: "a producer leaves its transaction open",
    breaks: (kafka) =>
      append(kafka, { records: [{ value: "{}" }], isTransactional: true, producerId: 7n }),
  },
];

Deno.test("a partition that stands still is named, and the process ends where a restart helps", async (t) => {
  await stepsAtOnce(t, CASES, {
    atOnce: 8,
    name: ({ cause, when }) => `${cause}: ${when}`,
    body: standStill,
  });
});

async function standStill({ cause, ends, settings, plan, breaks }: Case): Promise<void> {
  await using kafka = await EmbeddedKafka.start({ nodes: 2, topics: { [TOPIC]: 1 } });
  if (cause === "brokers_away") await kafka.stopNode(1);
  await appendEvents(kafka);
  await using recording = await Recording.start();
  await using service = await recording.startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings: { ...SHORT_LIMITS, ...settings },
    ...(plan === undefined ? {} : { plan }),
  });
  const url = await untilServing(service);
  await eventually("the good ones are committed", () => kafka.committed(GROUP)[0]?.offset, {
    withinMs: WITHIN_MS,
    until: (offset) => offset === GOOD,
  });
  await breaks(kafka, new Faults(kafka));
  const stall = await untilNamed(service, { url, cause });
  assert.deepEqual([stall.topic, stall.partition], [TOPIC, 0]);
  if (["handler_stuck", "handler_failing", "dead_letters_down"].includes(cause)) {
    assert.equal(stall.message?.offset, GOOD);
    assert.ok((stall.message?.ageMs ?? 0) > 0);
  }
  if (ends) await assertEnds(service, cause);
  else await assertStays(service, { url, cause });
}

Deno.test("an event loop that was blocked for STALL_HARD_MS ends the process, a frozen process goes on", async (t) => {
  await stepsAtOnce(t, ["blocked", "frozen"], { atOnce: 2, name: String, body: outOfTime });
});

async function outOfTime(how: string): Promise<void> {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  await using recording = await Recording.start();
  await using service = await recording.startService(kafka, {
    topic: TOPIC,
    group: GROUP,
    settings: SHORT_LIMITS,
    plan: { onSignal: { SIGUSR1: { blockMs: 2 * HARD_MS } } },
  });
  await untilJoined(service);
  if (how === "blocked") {
    service.signal("SIGUSR1");
    await service.waitForLine("Event loop was blocked");
    assert.equal((await service.waitForExit()).code, 70);
    return;
  }
  service.signal("SIGSTOP");
  const from = Date.now();
  await appendEvents(kafka);
  await eventually("it is frozen for long", () => Date.now() - from > 3 * HARD_MS, {
    withinMs: 6 * HARD_MS,
  });
  service.signal("SIGCONT");
  await service.waitForLine("Process was frozen");
  await recording.untilDone(GOOD, { withinMs: WITHIN_MS });
  assert.deepEqual(logLines(service).filter(({ text }) => text === "Partitions stand still"), []);
  assert.equal((await service.stop()).code, 0);
}

kafkaTest(
  "a handler that does not end is named with its message, and ends the process",
  { topics: { events: 2 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const sent = events({ seed: 1, count: 3 }).map((event) => ({ ...event, partition: 1 }));
    await kafka.produce(topic, sent);
    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group: kafka.unique("group"),
      settings: { ...SHORT_LIMITS, SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "5000" },
      plan: { slowOffsets: { 2: 3_600_000 } },
    });
    const cause = "handler_stuck";
    const { message, partition } = await untilNamed(service, {
      url: await untilServing(service),
      cause,
    });
    assert.deepEqual([partition, message?.partition, message?.offset], [1, 1, 2]);
    await assertEnds(service, cause);
  },
);

kafkaTest(
  "dead letters that the broker does not take are named, and end nothing",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const config = { "max.message.bytes": "100" };
    await kafka.createTopic({ name: `${topic}.dlq`, config });
    await kafka.produce(topic, [{ value: "{" }]);
    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group: kafka.unique("group"),
      settings: { ...SHORT_LIMITS, SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "5000" },
    });
    const url = await untilServing(service);
    const cause = "dead_letters_down";
    const { reason } = await untilNamed(service, { url, cause });
    assert.match(reason, new RegExp(`${topic}/0 offset 0 cannot be written: .*TOO_LARGE`, "s"));
    await assertStays(service, { url, cause });
  },
);

async function appendEvents(kafka: EmbeddedKafka): Promise<void> {
  await append(kafka, { records: events({ seed: 1, count: GOOD }) });
}

async function append(kafka: EmbeddedKafka, batch: TestBatch): Promise<void> {
  kafka.append(PLACE, await encodeBatch(batch));
}
