/** What the commands about dead letters have in common: the way to the brokers, and how it ends when that fails. */
import type { Config } from "../../config.ts";
import type { LetterFilter } from "../../dead_letters/filter.ts";
import type { Progress as Read } from "../../dead_letters/reading.ts";
import { type LetterSourceTopics, lookUpSource } from "../../dead_letters/source.ts";
import { counted } from "../../doctor/text.ts";
import { securityFrom, SILENT_KAFKAJS_LOGGER } from "../../kafka/client.ts";
import { TopicError } from "../../kafka/connect.ts";
import { type Caller, ConnectionError, Connections } from "../../kafka/connections.ts";
import { diagnose } from "../../kafka/diagnosis.ts";
import { ERROR_CODE } from "../../kafka/error_codes.ts";
import { LogUnreadableError } from "../../kafka/log_reader.ts";
import { Metadata } from "../../kafka/metadata.ts";
import { systemClock } from "../../ops/system_clock.ts";
import type { Clock } from "../../processing/clock.ts";
import { diagnosisContext } from "../../wiring/service_options.ts";
import { EXIT, ExitError } from "../command.ts";
import { Progress } from "../progress.ts";
import type { FilterFlags } from "./specs.ts";

export interface Session extends LetterSourceTopics {
  readonly clock: Clock;
  readonly caller: Caller;
  readonly metadata: Metadata;
  readonly onProgress: (read: Read) => void;
}

/**
 * Opens the way to the dead letters, and closes it.
 *
 * @throws ExitError when there is none
 */
export async function withDeadLetters<T>(
  config: Config,
  { isQuiet, work }: {
    /** No progress is shown. */
    readonly isQuiet: boolean;
    readonly work: (session: Session) => Promise<T>;
  },
): Promise<T> {
  if (config.dlqTopic === "none") throw new ExitError(EXIT.CONFIG, KEPT_NOWHERE);
  const clock = systemClock;
  const progress = new Progress(clock, Deno.stderr.isTerminal() && !isQuiet);
  const { requestTimeoutMs } = config;
  const security = securityFrom(config, { clock, requestTimeoutMs, telemetry: UNTOLD });
  const caller = new Connections({
    ...security,
    clientId: config.kafkaClientId,
    connectionTimeoutMs: config.socketConnectionSetupTimeoutMs,
    requestTimeoutMs,
    clock,
    kafkajsLogger: SILENT_KAFKAJS_LOGGER,
  });
  const metadata = new Metadata({
    caller,
    clock,
    requestTimeoutMs,
    bootstrap: config.kafkaBrokers.map(({ host, port }, i) => ({ id: -1 - i, host, port })),
    maxAgeMs: config.metadataMaxAgeMs,
    onChange() {},
    onUnreachable() {},
    onReachable() {},
  });
  try {
    const source = await lookUpSource({ config, clock, caller, metadata });
    const onProgress = (read: Read) => progress.show(progressText(read));
    return await work({ ...source, caller, clock, metadata, onProgress });
  } catch (error) {
    throw error instanceof ExitError ? error : explained(error, config);
  } finally {
    progress.clear();
    metadata.stop();
    caller.close();
    security.stop();
  }
}

export function filterOf(
  { fingerprint, reason, topic, partition, since, until }: FilterFlags,
  now: number,
): LetterFilter {
  return {
    fingerprint,
    reason,
    topic,
    partition,
    since: since === null ? null : since.at(now),
    until: until === null ? null : until.at(now),
  };
}

const KEPT_NOWHERE =
  "Name a topic with --dlq-topic, DLQ_TOPIC=none keeps no dead letters: there is nothing to read";

/** What comes of a token, connections say. */
const UNTOLD = { tokenFailed() {}, tokenIssuedAgain() {} };

const BROKER_ERRORS = [ConnectionError, LogUnreadableError, TopicError] as const;

function progressText({ done, all }: Read): string {
  const percent = all === 0 ? 100 : Math.floor(100 * done / all);
  return `Reading dead letters: ${done.toLocaleString("en-US")} of ${
    counted(all, "offset")
  }, ${percent} %`;
}

function explained(error: unknown, config: Config): unknown {
  if (error instanceof TopicError && error.errorCode === ERROR_CODE.UNKNOWN_TOPIC_OR_PARTITION) {
    const text =
      `Check DLQ_TOPIC, or start the service, which creates it: there is no topic ${error.topic}`;
    return new ExitError(EXIT.UNAVAILABLE, text);
  }
  const { kind, text, hint, exitCode } = diagnose(error, diagnosisContext(config));
  // What no broker is to blame for is a bug.
  if (kind === "other" && !BROKER_ERRORS.some((each) => error instanceof each)) return error;
  return new ExitError(exitCode ?? EXIT.UNAVAILABLE, `Cannot read dead letters: ${text}. ${hint}`, {
    cause: error,
  });
}
