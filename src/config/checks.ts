/**
 * Settings that are right one by one and cannot work together. Each check skips values that are already known to be
 * wrong, so that one mistake is reported once.
 */
import { saslProblems } from "./sasl_checks.ts";
import { type Config, fieldOf, SETTING_NAMES } from "./settings.ts";
import { tlsMaterialProblems } from "./tls_material.ts";
import { isKafkaName, KAFKA_NAME_MAX } from "./values.ts";

/** What could be made out: a field is missing where its text was wrong, or its file could not be read. */
type Values = Partial<Config>;

/** One line for each combination that cannot work. `now` decides which certificates have expired. */
export function combinationProblems(values: Values, now: number): readonly string[] {
  return [
    ...timeoutProblems(values),
    ...stallProblems(values),
    ...sizeProblems(values),
    ...workerProblems(values),
    ...deadLetterProblems(values),
    ...tlsProblems(values, now),
    ...saslProblems(values),
  ];
}

function timeoutProblems(values: Values): readonly string[] {
  const problems: string[] = [];
  const { sessionTimeoutMs, heartbeatIntervalMs, rebalanceTimeoutMs } = values;
  if (sessionTimeoutMs !== undefined && heartbeatIntervalMs !== undefined) {
    const most = Math.floor(sessionTimeoutMs / 3);
    if (heartbeatIntervalMs > most) {
      problems.push(
        `HEARTBEAT_INTERVAL_MS: expected at most a third of SESSION_TIMEOUT_MS (${most}): ${heartbeatIntervalMs}`,
      );
    }
  }
  if (sessionTimeoutMs !== undefined && rebalanceTimeoutMs !== undefined) {
    if (rebalanceTimeoutMs < sessionTimeoutMs) {
      problems.push(
        `REBALANCE_TIMEOUT_MS: expected at least SESSION_TIMEOUT_MS (${sessionTimeoutMs}): ${rebalanceTimeoutMs}`,
      );
    }
  }
  const { processingBackoffMs, processingBackoffMaxMs } = values;
  if (processingBackoffMs !== undefined && processingBackoffMaxMs !== undefined) {
    if (processingBackoffMaxMs < processingBackoffMs) {
      problems.push(
        `PROCESSING_BACKOFF_MAX_MS: expected at least PROCESSING_BACKOFF_MS (${processingBackoffMs}): ${processingBackoffMaxMs}`,
      );
    }
  }
  return problems;
}

function stallProblems({ stallSoftMs, stallHardMs, handlerTimeoutMs }: Values): readonly string[] {
  if (stallHardMs === undefined) return [];
  const problems: string[] = [];
  if (handlerTimeoutMs !== undefined && stallHardMs <= handlerTimeoutMs) {
    problems.push(
      `STALL_HARD_MS: expected more than HANDLER_TIMEOUT_MS (${handlerTimeoutMs}): ${stallHardMs}`,
    );
  }
  if (stallSoftMs !== undefined && stallHardMs <= stallSoftMs) {
    problems.push(
      `STALL_HARD_MS: expected more than STALL_SOFT_MS (${stallSoftMs}): ${stallHardMs}`,
    );
  }
  return problems;
}

function sizeProblems(values: Values): readonly string[] {
  const problems: string[] = [];
  const { fetchMinBytes, fetchMaxBytes, maxPartitionFetchBytes, maxDecompressedBytes } = values;
  if (fetchMinBytes !== undefined && fetchMaxBytes !== undefined && fetchMinBytes > fetchMaxBytes) {
    problems.push(
      `FETCH_MIN_BYTES: expected at most FETCH_MAX_BYTES (${fetchMaxBytes}): ${fetchMinBytes}`,
    );
  }
  if (maxPartitionFetchBytes !== undefined && maxDecompressedBytes !== undefined) {
    if (maxDecompressedBytes < maxPartitionFetchBytes) {
      problems.push(
        `MAX_DECOMPRESSED_BYTES: expected at least MAX_PARTITION_FETCH_BYTES (${maxPartitionFetchBytes}): ${maxDecompressedBytes}`,
      );
    }
  }
  return problems;
}

function workerProblems(values: Values): readonly string[] {
  const { workers, concurrency, readFromBeginning } = values;
  if (workers === undefined || workers === 1) return [];
  const problems: string[] = [];
  if (workers !== "auto" && concurrency !== undefined && concurrency < workers) {
    problems.push(`CONCURRENCY: expected at least WORKERS (${workers}): ${concurrency}`);
  }
  if (readFromBeginning) {
    problems.push(
      `--read-from-beginning: needs WORKERS=1, each worker would begin anew: ${workers}`,
    );
  }
  return problems;
}

/** The topic that messages of `topic` are dead-lettered to; null when they are dropped (`DLQ_TOPIC=none`). */
export function deadLetterTopic(
  { dlqTopic }: Pick<Config, "dlqTopic">,
  topic: string,
): string | null {
  return dlqTopic === "none" ? null : dlqTopic ?? `${topic}.dlq`;
}

function deadLetterProblems({ kafkaTopic, dlqTopic }: Values): readonly string[] {
  if (kafkaTopic === undefined || dlqTopic === undefined) return [];
  const targets = new Set(kafkaTopic.map((topic) => deadLetterTopic({ dlqTopic }, topic)));
  const problems: string[] = [];
  for (const target of targets) {
    if (target === null) continue;
    if (kafkaTopic.includes(target)) {
      problems.push(
        `DLQ_TOPIC: dead letters would be consumed again, ${target} is in KAFKA_TOPIC`,
      );
    } else if (!isKafkaName(target)) {
      problems.push(
        `DLQ_TOPIC: the default name, ${target}, is longer than ${KAFKA_NAME_MAX} characters: choose one`,
      );
    }
  }
  return problems;
}

function tlsProblems(values: Values, now: number): readonly string[] {
  const { kafkaTlsEnabled, kafkaTlsCa, kafkaTlsCert, kafkaTlsKey, kafkaTlsKeyPassphrase } = values;
  if (kafkaTlsEnabled === false) {
    return SETTING_NAMES
      .filter((name) => name.startsWith("KAFKA_TLS_") && name !== "KAFKA_TLS_ENABLED")
      .filter((name) => (values[fieldOf(name)] ?? null) !== null)
      .map((name) => `${name}: needs KAFKA_TLS_ENABLED=true`);
  }
  const problems: string[] = [];
  if (kafkaTlsCert && kafkaTlsKey === null) {
    problems.push("KAFKA_TLS_CERT: needs its KAFKA_TLS_KEY");
  }
  if (kafkaTlsKey && kafkaTlsCert === null) {
    problems.push("KAFKA_TLS_KEY: needs its KAFKA_TLS_CERT");
  }
  if (kafkaTlsKeyPassphrase && kafkaTlsKey === null) {
    problems.push("KAFKA_TLS_KEY_PASSPHRASE: needs its KAFKA_TLS_KEY");
  }
  const material = {
    ca: kafkaTlsCa?.read() ?? null,
    cert: kafkaTlsCert?.read() ?? null,
    key: kafkaTlsKey?.read() ?? null,
    passphrase: kafkaTlsKeyPassphrase?.read() ?? null,
  };
  return [...problems, ...tlsMaterialProblems(material, now)];
}
