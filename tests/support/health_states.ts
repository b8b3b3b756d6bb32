/** The states in the readiness table of docs/http.md, and how the embedded broker or an operator brings each about. */
import assert from "node:assert/strict";
import { type EmbeddedKafka, ERROR, type Faults } from "../../src/broker/mod.ts";
import { events } from "./events.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free_ports.ts";
import { readStatus, sendAction } from "./operator.ts";
import type { Program } from "./program.ts";
import { encodeBatch, type TestBatch } from "./record_batches.ts";
import type { HandlerPlan } from "./recording.ts";

export const TOPIC = "events";
export const GROUP = "group";
const PLACE = { topic: TOPIC, partition: 0 };
export const TOKEN = "a-token-of-24-characters";
const WITHIN_MS = 30_000;
const PAUSE = { partitions: "all", reason: "maintenance", by: "ann" };
const READY_WHEN_PAUSED = { READY_WHEN_PAUSED: "true" };
const DLQ_BREAKER = { DLQ_BREAKER: "1/4" };

/** What a state is brought about with. */
export interface Scene {
  readonly kafka: EmbeddedKafka;
  readonly faults: Faults;
  readonly service: Program;
  readonly url: string;
}

export interface State {
  /** The first column of the table. */
  readonly row: string;
  /** What tells one state of a row from another. */
  readonly how?: string;
  /** Names the check, or note, that tells of it. */
  readonly check: string | null;
  /** The check's text. */
  readonly says?: RegExp;
  readonly settings?: Readonly<Record<string, string>>;
  readonly plan?: HandlerPlan;
  /** Out of a service that consumes; without it the service is left to start. */
  readonly begins?: (scene: Scene) => unknown;
  /** What makes it ready again. */
  readonly passes?: (scene: Scene) => unknown;
}

const PAUSED: Omit<State, "row"> = {
  check: "pause",
  says: /^all paused by ann: maintenance$/,
  begins: ({ url }) => act(url, { name: "pause", body: PAUSE }),
  passes: ({ url }) => act(url, { name: "resume", body: { partitions: "all" } }),
};

/** In the order of the table. */
export const STATES: readonly State[] = [
  {
    row: "starting, connecting",
    check: "phase",
    says: /^(starting|connecting)$/,
    settings: { KAFKA_BROKERS: `127.0.0.1:${freePorts(1)[0]}`, MAX_RETRIES: "100" },
  },
  { row: "consuming", check: null, begins: () => {} },
  {
    row: "consuming, no partition is ours",
    check: "assignment",
    says: /^no partition is ours/,
    settings: { KAFKA_TOPIC: "empty", KAFKA_GROUP_ID: "of-two" },
    begins: () => {},
  },
  {
    row: "rebalancing",
    check: null,
    settings: { SESSION_TIMEOUT_MS: "60000", REBALANCE_TIMEOUT_MS: "120000" },
    begins: rebalance,
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "rebalancing for `REBALANCE_TIMEOUT_MS`",
    check: "rebalance",
    says: /^the group has been rebalancing for \d+ s$/,
    settings: { SESSION_TIMEOUT_MS: "2000", REBALANCE_TIMEOUT_MS: "2000" },
    begins: rebalance,
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "no broker answers",
    check: "kafka",
    begins: ({ kafka }) => kafka.stopNode(0),
    passes: ({ kafka }) => kafka.startNode(0),
  },
  {
    row: "a right is missing",
    how: "of the topic",
    check: "access",
    says: /READ topic/,
    begins: (scene) => takeAway(scene, { api: "Fetch", code: ERROR.TOPIC_AUTHORIZATION_FAILED }),
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "a right is missing",
    how: "of the group",
    check: "access",
    says: /READ group/,
    begins: (scene) =>
      takeAway(scene, { api: "Heartbeat", code: ERROR.GROUP_AUTHORIZATION_FAILED }),
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "a leader refuses to let us read",
    check: "fetch",
    begins: ({ faults }) =>
      faults.fail({ api: "Fetch", partition: PLACE }, ERROR.UNKNOWN_SERVER_ERROR),
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "no heartbeat answered for `SESSION_TIMEOUT_MS`, in a rebalance too",
    check: "lease",
    says: /^no heartbeat was answered/,
    settings: { SESSION_TIMEOUT_MS: "2000" },
    begins: ({ faults }) => faults.freeze({ api: ["Heartbeat", "JoinGroup", "FindCoordinator"] }),
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "a partition stands still for `STALL_SOFT_MS`",
    check: "stalled",
    says: /^events\/0 fetch_silent: /,
    settings: { STALL_SOFT_MS: "1000", STALL_HARD_MS: "600000" },
    begins: ({ faults }) => faults.freeze({ api: "Fetch" }),
    passes: ({ faults }) => faults.liftAll(),
  },
  {
    row: "a batch cannot be read",
    check: "unreadable",
    begins: ({ kafka }) => append(kafka, { records: [{ value: "{}" }], codecBits: 7 }),
  },
  {
    row: "paused by an operator",
    ...PAUSED,
  },
  {
    row: "paused by `DLQ_BREAKER`",
    check: "breaker",
    says: /^events\/0: paused by DLQ_BREAKER, 2 of the last \d messages were dead letters/,
    settings: DLQ_BREAKER,
    begins: tooManyDeadLetters,
  },
  {
    row: "paused, `READY_WHEN_PAUSED=true`",
    how: "by an operator",
    settings: READY_WHEN_PAUSED,
    ...PAUSED,
  },
  {
    row: "paused, `READY_WHEN_PAUSED=true`",
    how: "by DLQ_BREAKER",
    check: "breaker",
    says: /^events\/0: paused by DLQ_BREAKER/,
    settings: { ...READY_WHEN_PAUSED, ...DLQ_BREAKER },
    begins: tooManyDeadLetters,
  },
  {
    row: "draining",
    check: "phase",
    says: /^draining$/,
    plan: { minMs: 3_600_000, maxMs: 3_600_000 },
    settings: { DRAIN_TIMEOUT_MS: "20000" },
    begins: async ({ kafka, service, url }) => {
      await append(kafka, { records: events({ seed: 1, count: 1 }) });
      const inFlight = async () => (await readStatus(url)).partitions[0]?.inFlight === 1;
      await eventually("a message is in flight", inFlight, { withinMs: WITHIN_MS });
      service.signal("SIGTERM");
    },
  },
  {
    row: "frozen, or the event loop is blocked",
    how: "frozen",
    check: null,
    begins: ({ service }) => service.signal("SIGSTOP"),
    passes: ({ service }) => service.signal("SIGCONT"),
  },
  {
    row: "frozen, or the event loop is blocked",
    how: "blocked",
    check: null,
    plan: { onSignal: { SIGUSR1: { blockMs: 5_000 } } },
    begins: ({ service }) => service.signal("SIGUSR1"),
    passes: () => {},
  },
];

/** The group begins anew and does not get to its end. */
async function rebalance({ faults }: Scene): Promise<void> {
  const refused = faults.fail({ api: "SyncGroup" }, ERROR.REBALANCE_IN_PROGRESS);
  faults.fail({ api: "Heartbeat", times: 1 }, ERROR.REBALANCE_IN_PROGRESS);
  await eventually("it joins again and again", () => refused.hits >= 2, { withinMs: WITHIN_MS });
}

/** Once something was done: a right that is missing from the start ends the process. */
async function takeAway(
  { kafka, faults }: Scene,
  { api, code }: { readonly api: "Fetch" | "Heartbeat"; readonly code: number },
): Promise<void> {
  await append(kafka, { records: events({ seed: 1, count: 1 }) });
  const isDone = () => kafka.committed(GROUP)[0]?.offset === 1;
  await eventually("the first is committed", isDone, { withinMs: WITHIN_MS });
  faults.fail({ api }, code);
}

async function tooManyDeadLetters({ kafka }: Scene): Promise<void> {
  await append(kafka, { records: Array.from({ length: 8 }, () => ({ value: "{" })) });
}

async function act(
  url: string,
  action: { readonly name: "pause" | "resume"; readonly body: unknown },
): Promise<void> {
  assert.equal((await sendAction(url, { ...action, token: TOKEN })).status, 200);
}

async function append(kafka: EmbeddedKafka, batch: TestBatch): Promise<void> {
  kafka.append(PLACE, await encodeBatch(batch));
}
