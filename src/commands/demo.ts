/**
 * `demo`: the real service on a broker inside this process, over a real socket, fed with made-up events. Nothing but
 * the address of the brokers differs from `run`. Ends with a summary whose sums must add up.
 */
import { EmbeddedKafka } from "../broker/mod.ts";
import { type Config, Endpoint } from "../config.ts";
import { DemoEvents } from "../demo/events.ts";
import { createHandlers } from "../handlers/mod.ts";
import { systemClock } from "../ops/system_clock.ts";
import type { Counts } from "../ops/counts.ts";
import { sleep } from "../processing/clock.ts";
import { TransientError } from "../processing/failure.ts";
import type { Handlers } from "../processing/handler.ts";
import type { DemoFlags } from "./catalog.ts";
import { type CommandContext, EXIT } from "./command.ts";
import { DemoProducer } from "./demo_producer.ts";
import { host, type Hosted } from "./host.ts";

const PARTITIONS = 4;
/** It can run for days: what is kept of the events, for each partition. AHEAD_MAX of them take a fraction of it. */
const LOG_RETENTION_BYTES = 4 * 1024 * 1024;
const SEED_LIMIT = 2 ** 32;
const LOOK_MS = 50;
/** For the last retries and dead letters, once all events are produced. */
const FINISH_MS = 60_000;

export async function run(context: CommandContext<DemoFlags>): Promise<number> {
  const { flags, print, rows, unknown, version } = context;
  const [topic = ""] = context.config.kafkaTopic;
  const seed = flags.seed ?? Math.floor(systemClock.random() * SEED_LIMIT);
  await using kafka = await EmbeddedKafka.start({
    topics: { [topic]: PARTITIONS },
    logRetentionBytes: LOG_RETENTION_BYTES,
    maxCommitRecords: 0,
  });
  const config = demoConfig(context.config, { topic, bootstrap: kafka.bootstrap });
  const flaky = new Set<string>();
  const producer = new DemoProducer({
    brokers: config.kafkaBrokers,
    topic,
    events: new DemoEvents({ seed, invalidShare: flags.invalidShare }),
    rate: flags.rate,
    limit: flags.events,
    clock: systemClock,
    onFlaky: (eventId) => flaky.add(eventId),
  });
  print(`Demo with --seed ${seed}, --rate ${flags.rate}: Ctrl-C ends it`);
  const handlers = failOnce(createHandlers({ environment: "development" }), flaky);
  const until = async (hosted: Hosted) => {
    const { stopped } = hosted;
    await producer.run({ stopped, outcomes: () => outcomes(hosted.counts()) });
    await finished(hosted, producer);
  };
  try {
    const { exitCode, counts } = await host({ config, rows, version, unknown, handlers, until });
    const committed = committedMessages(kafka, { topic, groupId: config.kafkaGroupId });
    const summary = { produced: producer.produced, committed, counts };
    print(summaryText(summary));
    return exitCode === EXIT.OK && !addsUp(summary) ? EXIT.INTERNAL : exitCode;
  } finally {
    producer.close();
  }
}

/** The given settings on the embedded broker: no TLS, no SASL, as in development, any share of invalid events. */
function demoConfig(
  config: Config,
  { topic, bootstrap }: { readonly topic: string; readonly bootstrap: string },
): Config {
  const [host = "", port = ""] = bootstrap.split(":");
  return {
    ...config,
    kafkaBrokers: [new Endpoint(host, Number(port))],
    kafkaTopic: [topic],
    kafkaTlsEnabled: false,
    kafkaSaslMechanism: "none",
    environment: "development",
    dlqBreaker: null,
  };
}

/** Each event in `flaky` fails the first time, as if something downstream were away for a moment. */
function failOnce(handlers: Handlers, flaky: Set<string>): Handlers {
  const { default: handle } = handlers;
  if (typeof handle !== "function") return handlers;
  return {
    ...handlers,
    default: (event, context) => {
      if (flaky.delete(event.event_id)) throw new TransientError("Downstream is away for a moment");
      return handle(event, context);
    },
  };
}

/** All that was produced has its outcome. */
async function finished({ counts, stopped }: Hosted, producer: DemoProducer): Promise<void> {
  const giveUpAt = systemClock.now() + FINISH_MS;
  while (!stopped.aborted && outcomes(counts()) < producer.produced) {
    if (systemClock.now() > giveUpAt) return;
    await sleep(systemClock, LOOK_MS, stopped);
  }
}

interface Summary {
  readonly produced: number;
  readonly committed: number;
  readonly counts: Counts;
}

function outcomes({ processed, deadLettered, dropped, skipped }: Counts): number {
  return processed + deadLettered + dropped + skipped;
}

/** As the broker has it, asked without the service. */
function committedMessages(
  kafka: EmbeddedKafka,
  { topic, groupId }: { readonly topic: string; readonly groupId: string },
): number {
  return kafka.committed(groupId)
    .filter((each) => each.topic === topic)
    .reduce((sum, { offset }) => sum + Math.max(0, offset), 0);
}

/** Everything that has an outcome is committed, and nothing that was not produced. */
function addsUp({ produced, committed, counts }: Summary): boolean {
  return outcomes(counts) === committed && committed <= produced;
}

function summaryText(summary: Summary): string {
  const { produced, committed, counts } = summary;
  const rows: readonly (readonly [string, number])[] = [
    ["produced", produced],
    ["processed", counts.processed],
    ["retried", counts.retried],
    ["dead-lettered", counts.deadLettered],
    ["dropped", counts.dropped],
    ["skipped", counts.skipped],
    ["committed", committed],
    ["left in the topic", produced - committed],
  ];
  const lines = rows.map(([name, count]) => `  ${name.padEnd(18)}${String(count).padStart(10)}`);
  const verdict = addsUp(summary) ? "The sums add up" : "The sums do not add up";
  return ["", "Summary", ...lines, verdict].join("\n");
}
