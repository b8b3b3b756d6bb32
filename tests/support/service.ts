/**
 * The service as a child process on the Kafka of a test: settings with short timeouts, what its log lines say, and the
 * waits that nearly every test needs.
 */
import { eventually } from "./eventually.ts";
import type { KafkaClient } from "./kafka_client.ts";
import { Program } from "./program.ts";

/** How the service is started. */
export interface ServiceOptions {
  readonly topic: string;
  readonly group: string;
  /** Settings beside, or instead of, the short timeouts. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Another program than the service itself. */
  readonly command?: readonly string[];
  /** Files and folders that it may read beside those of the `start` task. */
  readonly allowRead?: readonly string[];
}

/** A line of the log as JSON holds it. */
export interface LogLine {
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A call of the default handler, which logs each event. */
export interface HandledEvent {
  readonly eventId: string;
  readonly partition: number;
  readonly offset: number;
}

/** The smallest session that Apache Kafka allows by itself. */
const SHORT_TIMEOUTS: Readonly<Record<string, string>> = {
  SESSION_TIMEOUT_MS: "6000",
  HEARTBEAT_INTERVAL_MS: "500",
  FETCH_MAX_WAIT_MS: "200",
  AUTO_COMMIT_INTERVAL_MS: "200",
  PROCESSING_BACKOFF_MS: "20",
  PROCESSING_BACKOFF_MAX_MS: "200",
};
const COMMIT_DEADLINE_MS = 30_000;
const JOINED = "Joined the group";

/** Starts the service on that Kafka. It logs each event, as JSON. */
export async function startService(
  kafka: { readonly bootstrap: string },
  options: ServiceOptions,
): Promise<Program> {
  return await Program.start({
    args: options.args ?? [],
    ...(options.command === undefined ? {} : { command: options.command }),
    allowRead: options.allowRead ?? [],
    env: {
      ...SHORT_TIMEOUTS,
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: options.topic,
      KAFKA_GROUP_ID: options.group,
      ENVIRONMENT: "development",
      LOG_FORMAT: "json",
      HTTP_PORT: "off",
      ...options.settings,
    },
  });
}

/** Waits until the group has taken the service in. */
export async function untilJoined(service: Program): Promise<void> {
  await service.waitForLine(JOINED);
}

/** Where the service answers over HTTP, once it does: `http://127.0.0.1:4711`. HTTP_PORT=0 lets it choose. */
export async function untilServing(service: Program): Promise<string> {
  const line = await service.waitForLine("Health is served at");
  return String(JSON.parse(line).url);
}

/** Waits until the group has committed everything that is in the topic now. */
export async function untilAllCommitted(
  kafka: KafkaClient,
  { group, topic }: { readonly group: string; readonly topic: string },
): Promise<void> {
  const ends = await kafka.endOffsets(topic);
  await eventually(`group ${group} has committed ${ends}`, () => kafka.committed(group, topic), {
    withinMs: COMMIT_DEADLINE_MS,
    until: (committed) => ends.every((end, partition) => end === 0 || committed[partition] === end),
  });
}

/** The log so far. */
export function logLines(service: Program): readonly LogLine[] {
  return service.stdout.filter((line) => line.startsWith("{")).map((line) => {
    const { severity_text: level, body: text, ...fields } = JSON.parse(line);
    return { level, text, fields };
  });
}

/** Lines that say something may be wrong: an undisturbed run has none. */
export function complaints(service: Program): readonly string[] {
  const lines = logLines(service).filter(({ level }) => level === "WARNING" || level === "ERROR");
  return [...lines.map(({ level, text }) => `${level} ${text}`), ...service.stderr];
}

/** Every call of the default handler so far, in the order of the log. */
export function handledEvents(service: Program): readonly HandledEvent[] {
  return logLines(service).filter(({ text }) => text.startsWith("Processing event: ")).map((
    { fields },
  ) => ({
    eventId: String(fields["event_id"]),
    partition: Number(fields["messaging.destination.partition.id"]),
    offset: Number(fields["messaging.kafka.offset"]),
  }));
}

/** What the service counted up to its end, by the names in the log. Throws when it has not said so. */
export function finalCounts(service: Program): Readonly<Record<string, unknown>> {
  const line = logLines(service).find(({ text }) => text === "Stopped Processing Service");
  if (line === undefined) throw new Error("The service has not said that it stopped");
  return line.fields;
}
