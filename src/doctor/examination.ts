/** What all checks share: settings, time, the way to brokers, and one view of the cluster. */
import type { Config } from "../config.ts";
import { type Caller, DeadlineError, withDeadline } from "../kafka/connections.ts";
import { diagnose, type DiagnosisContext } from "../kafka/diagnosis.ts";
import { ERROR_CODE } from "../kafka/error_codes.ts";
import type { MetadataAnswer, TopicInfo } from "../kafka/metadata_request.ts";
import type { ApiRequest, BrokerAddress } from "../kafka/protocol.ts";
import type { Clock } from "../processing/clock.ts";
import type { TopicPartition } from "../processing/message.ts";
import type { Check, Result, Verdicts } from "./result.ts";

export interface Examination {
  readonly config: Config;
  readonly clock: Clock;
  readonly caller: Caller;
  readonly verdicts: Verdicts;
  /** Longest time for one question to a broker. */
  readonly deadlineMs: number;
}

/** One question after the other may take this long in one check. */
const CHECK_DEADLINE_MS = 8_000;

/** What `check` finds; its failure, or its being late, as a result of its own. Never rejects. */
export async function guard(
  examination: Examination,
  check: Check,
  work: () => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const { clock, verdicts } = examination;
  try {
    return await withDeadline(work(), {
      clock,
      deadlineMs: CHECK_DEADLINE_MS,
      missed: `No answer within ${CHECK_DEADLINE_MS} ms`,
    });
  } catch (error) {
    const diagnosis = diagnose(error, diagnosisContext(examination));
    const facts = addressFacts("");
    if (error instanceof DeadlineError) return [verdicts.diagnosed(check, diagnosis, { facts })];
    // What is wrong with a broker stands in its own line.
    return [verdicts.skipped(check, `Could not be asked: ${diagnosis.text}`)];
  }
}

export function diagnosisContext({ config }: Examination): DiagnosisContext {
  return {
    tls: config.kafkaTlsEnabled,
    sasl: config.kafkaSaslMechanism === "none" ? null : config.kafkaSaslMechanism,
    brokers: config.kafkaBrokers.map(String),
  };
}

/** `address`, `host` and `port` for texts and commands. */
export function addressFacts(address: string): Readonly<Record<string, string>> {
  const [, host = "<host>", port = "<port>"] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  return { address: address || "<broker>", host, port };
}

/** The cluster as one broker sees it. */
export class ClusterView {
  readonly brokers: readonly BrokerAddress[];
  readonly controller: BrokerAddress | undefined;
  /** Where this view is from: an address that can be reached, whatever brokers advertise. */
  readonly from: BrokerAddress;
  readonly #topics: ReadonlyMap<string, TopicInfo>;

  constructor({ brokers, controllerId, topics }: MetadataAnswer, from: BrokerAddress) {
    this.brokers = brokers;
    this.from = from;
    this.controller = brokers.find(({ id }) => id === controllerId);
    this.#topics = new Map(topics.map((topic) => [topic.name, topic]));
  }

  topic(name: string): TopicInfo | undefined {
    return this.#topics.get(name);
  }

  /** The topics of these that exist and may be seen. */
  usable(names: readonly string[]): readonly TopicInfo[] {
    return names.flatMap((name) => {
      const topic = this.#topics.get(name);
      const isUsable = topic?.errorCode === ERROR_CODE.NONE ||
        topic?.errorCode === ERROR_CODE.LEADER_NOT_AVAILABLE;
      return isUsable && topic !== undefined ? [topic] : [];
    });
  }

  /** How many partitions these topics have that exist and may be seen. */
  partitionsOf(names: readonly string[]): number {
    return this.usable(names).reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  /** Partitions of these topics by the broker that leads them; those without a leader are left out. */
  byLeader(names: readonly string[]): ReadonlyMap<BrokerAddress, readonly LedPartition[]> {
    const led = this.usable(names).flatMap(({ name: topic, partitions }) =>
      partitions.flatMap(({ partition, leader, leaderEpoch }) => {
        const broker = this.brokers.find(({ id }) => id === leader);
        return broker === undefined ? [] : [{ topic, partition, leaderEpoch, broker }];
      })
    );
    return Map.groupBy(led, ({ broker }) => broker);
  }
}

export interface LedPartition extends TopicPartition {
  readonly leaderEpoch: number;
  readonly broker: BrokerAddress;
}

/** One question to one broker. @throws what Caller.call throws */
export function ask<Answer>(
  { caller, deadlineMs }: Examination,
  to: BrokerAddress,
  request: ApiRequest<Answer>,
): Promise<Answer> {
  return caller.call({ to, purpose: "metadata", request, deadlineMs });
}
