/**
 * One instance of the service in this process on an embedded cluster to which a script does something, from before the
 * service connects until everything is processed and committed; then the oracle judges.
 */
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { type Fault, Faults } from "../../src/broker/faults.ts";
import { loadConfig } from "../../src/config.ts";
import { Health } from "../../src/ops/health.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { Telemetry } from "../../src/ops/telemetry.ts";
import { sleep } from "../../src/processing/clock.ts";
import type { HandlerContext } from "../../src/processing/message.ts";
import { Service } from "../../src/service.ts";
import { eventually } from "./eventually.ts";
import { type Acknowledged, type Handled, judge, type Verdict } from "./oracle.ts";
import { encodeBatch } from "./record_batches.ts";
import { RecordingLogger } from "./recording_logger.ts";
import { bytesOf, sampleEvent } from "./sample_event.ts";

/** What a script works with. */
export interface FaultScene {
  readonly kafka: EmbeddedKafka;
  readonly faults: Faults;
  readonly topic: string;
  readonly group: string;
  /** Waits until so many messages more have been handled. */
  untilDone(count: number): Promise<void>;
  /** Member ids that the group has had, in order. */
  memberIds(): readonly string[];
}

type Script = (scene: FaultScene) => readonly Fault[] | Promise<readonly Fault[]>;

export interface FaultRunOptions {
  readonly seed: number;
  /** Before the service connects. Answers faults that have to hit something. */
  readonly before?: Script;
  /** Once the service works, beside it. */
  readonly meanwhile?: Script;
  readonly settings?: Readonly<Record<string, string>>;
}

export interface FaultRun {
  readonly verdict: Verdict;
  readonly memberIds: readonly string[];
  readonly logger: RecordingLogger;
  /** How many faults hit nothing. */
  readonly missed: number;
}

const NODES = 3;
const PARTITIONS = 3;
const BATCHES = 40;
const BATCH_MESSAGES = 10;
const MESSAGES = PARTITIONS * BATCHES * BATCH_MESSAGES;
const HANDLER_MS = 6;
const DEADLINE_MS = 60_000;
const SETTINGS: Readonly<Record<string, string>> = {
  SESSION_TIMEOUT_MS: "3000",
  HEARTBEAT_INTERVAL_MS: "200",
  REBALANCE_TIMEOUT_MS: "3000",
  REQUEST_TIMEOUT_MS: "700",
  METADATA_MAX_AGE_MS: "1000",
  FETCH_MAX_WAIT_MS: "100",
  AUTO_COMMIT_INTERVAL_MS: "100",
  // Many answers, each with one batch.
  MAX_PARTITION_FETCH_BYTES: "8192",
  PARTITION_WINDOW_MESSAGES: "20",
  CONCURRENCY: "4",
  MAX_RETRIES: "20",
  RETRY_DELAY: "1",
  DLQ_TOPIC: "none",
  ENVIRONMENT: "production",
};

export async function runWithFaults(options: FaultRunOptions): Promise<FaultRun> {
  const [topic, group] = [`events-${options.seed}`, `group-${options.seed}`];
  await using kafka = await EmbeddedKafka.start({ nodes: NODES, topics: { [topic]: PARTITIONS } });
  const acknowledged = await produce(kafka, topic);
  const memberIds = watchMembers(kafka);
  const faults = new Faults(kafka, { seed: options.seed });
  const handled: Handled[] = [];
  const done = () => handled.filter(({ kind }) => kind === "done").length;
  const untilDone = (count: number) => {
    const goal = Math.min(done() + count, MESSAGES);
    return until(`${goal} are handled`, () => done() >= goal);
  };
  const scene = { kafka, faults, topic, group, untilDone, memberIds };
  const expected = [...await options.before?.(scene) ?? []];
  const logger = new RecordingLogger();
  const { service, telemetry } = newService({
    env: { ...SETTINGS, ...options.settings, KAFKA_BROKERS: kafka.bootstrap, KAFKA_TOPIC: topic },
    group,
    logger,
    handled,
  });
  let problem: Error | null = null;
  void service.ended.then((error) => problem = error);
  try {
    await service.start();
    await untilDone(1);
    expected.push(...await options.meanwhile?.(scene) ?? []);
    await until("everything is committed", () => {
      if (problem !== null) throw problem;
      return kafka.committed(group).reduce((sum, { offset }) => sum + offset, 0) === MESSAGES;
    });
  } finally {
    faults.liftAll();
    await service.stop();
    telemetry.stop();
  }
  const commits = kafka.commits().filter(({ errorCode }) => errorCode === 0);
  const verdict = judge({ acknowledged, handled, deadLettered: [], committed: commits });
  const missed = expected.filter(({ hits }) => hits === 0).length;
  return { verdict, memberIds: memberIds(), logger, missed };
}

function newService({ env, group, logger, handled }: {
  readonly env: Readonly<Record<string, string>>;
  readonly group: string;
  readonly logger: RecordingLogger;
  readonly handled: Handled[];
}) {
  const config = loadConfig({
    flags: new Map(),
    env: { ...env, KAFKA_GROUP_ID: group },
    readFile: Deno.readTextFileSync,
  });
  const clock = systemClock;
  const telemetry = new Telemetry({ logger, clock });
  const handle = async (eventId: string, context: HandlerContext) => {
    const { topic, partition, offset } = context;
    const seen = { topic, partition, offset, eventId, process: "p1" };
    handled.push({ kind: "start", ...seen, at: Date.now() });
    await sleep(clock, HANDLER_MS);
    handled.push({ kind: "done", ...seen, at: Date.now() });
  };
  const service = new Service({
    ...config,
    clock,
    logger,
    telemetry,
    tracing: null,
    health: new Health(),
    version: "0.0.0-test",
    handlers: { byType: {}, default: (event, context) => handle(event.event_id, context) },
  });
  return { service, telemetry };
}

async function produce(kafka: EmbeddedKafka, topic: string): Promise<readonly Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  for (let partition = 0; partition < PARTITIONS; partition++) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const records = Array.from({ length: BATCH_MESSAGES }, (_, at) => ({
        key: `user-${partition}-${(batch + at) % 7}`,
        event: sampleEvent({ event_id: crypto.randomUUID() }),
      }));
      const bytes = await encodeBatch({
        records: records.map(({ key, event }) => ({ key, value: bytesOf(event) })),
      });
      const base = kafka.append({ topic, partition }, bytes);
      acknowledged.push(...records.map(({ key, event }, at) => ({
        topic,
        partition,
        offset: base + at,
        key,
        eventId: event.event_id,
      })));
    }
  }
  return acknowledged;
}

/** The member ids of every commit that was accepted, in the order in which they were first seen. */
function watchMembers(kafka: EmbeddedKafka): () => readonly string[] {
  const seen = new Set<string>();
  kafka.intercept(async (request, serve) => {
    const reply = await serve();
    if (request.apiName === "SyncGroup") seen.add(request.body.memberId);
    return reply;
  });
  return () => [...seen];
}

async function until(what: string, holds: () => boolean): Promise<void> {
  await eventually(what, holds, { withinMs: DEADLINE_MS, everyMs: 20, until: (is) => is });
}
