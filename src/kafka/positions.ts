/**
 * Where a partition begins, and where it goes on when its position lies outside the log: by what the group committed,
 * by AUTO_OFFSET_RESET, or at the log's start. What is lost is told exactly; with `none` nothing is ever chosen.
 */
import type { TopicPartition } from "../processing/message.ts";
import type { OffsetRange } from "../processing/offset_ranges.ts";
import type { Partition } from "../processing/partition.ts";
import { partitionKey } from "../processing/partition_key.ts";
import { parseCommitMetadata } from "./commit_metadata.ts";
import type { LogRange, Offsets } from "./offsets.ts";
import type { CommittedOffset } from "./offset_requests.ts";

export interface PositionTelemetry {
  /** Messages in [from, to) are gone from the log and were not processed. */
  lostRange(
    facts: TopicPartition & {
      readonly from: number;
      readonly to: number;
      readonly cause: "retention" | "topic_recreated" | "truncation";
    },
  ): void;
  /** The position was set without a committed offset to go on from. */
  positionReset(
    facts: TopicPartition & {
      readonly position: number;
      readonly reason: string;
      readonly level?: "info" | "warning";
    },
  ): void;
}

export interface PositionsOptions {
  readonly offsets: Pick<Offsets, "logRange" | "epochEnd">;
  readonly telemetry: PositionTelemetry;
  readonly autoOffsetReset: "earliest" | "latest" | "none";
  readonly readFromBeginning: boolean;
  readonly partitionsOf: (topic: string) => readonly number[];
  /** The topic's id now; null where the broker does not tell. */
  readonly topicId: (topic: string) => string | null;
  /** It was deleted and created again since the service started. */
  readonly wasRecreated: (topic: string) => boolean;
  /** AUTO_OFFSET_RESET=none refuses to choose a position. */
  readonly onNoOffset: (reason: string) => void;
}

/** A position to begin at, and what the group has committed there; null: choosing it must be committed. */
export interface ChosenPosition {
  readonly position: number;
  readonly leaderEpoch: number;
  readonly committed: number | null;
  /** What is done above the position. */
  readonly done: readonly OffsetRange[];
}

/** What to do with a partition that was found outside its log. */
export type Way =
  | { readonly go: "skip" | "restart"; readonly position: number }
  | { readonly go: "on" | "ask_again" | "nowhere" };

export interface StartContext {
  readonly firstPartitions: number | null;
  readonly isWanted: () => boolean;
}

const NOWHERE: Way = { go: "nowhere" };

export class Positions {
  readonly #options: PositionsOptions;
  /** Partitions that --read-from-beginning has moved already. */
  readonly #rewound = new Set<string>();

  constructor(options: PositionsOptions) {
    this.#options = options;
  }

  /** Null: nobody wants to know any more, or AUTO_OFFSET_RESET=none. */
  async start(own: CommittedOffset, context: StartContext): Promise<ChosenPosition | null> {
    const rewind = this.#options.readFromBeginning && !this.#rewound.has(partitionKey(own));
    if (own.offset >= 0 && !rewind) return await this.#resume(own, context);
    const range = await this.#options.offsets.logRange(own, context.isWanted);
    if (range === null) return null;
    const chosen = rewind
      ? { position: range.start, reason: "--read-from-beginning", level: "warning" as const }
      : this.#byPolicy(own, { range, firstPartitions: context.firstPartitions });
    return chosen === null ? null : this.#chosen(own, chosen);
  }

  /** Goes on from what is committed, if the log is still the one in which that was read. */
  async #resume(own: CommittedOffset, { isWanted }: StartContext): Promise<ChosenPosition | null> {
    const { offsets, telemetry } = this.#options;
    const { topic, partition, offset, leaderEpoch } = own;
    const { topicId, done } = parseCommitMetadata(own.metadata, offset);
    const idNow = this.#options.topicId(topic);
    if (topicId !== null && idNow !== null && topicId !== idNow) {
      if (this.#refuses(own, "the topic was deleted and created again")) return null;
      const range = await offsets.logRange(own, isWanted);
      if (range === null) return null;
      // How far the old topic went nobody knows any more: from the commit on it is gone.
      telemetry.lostRange({ topic, partition, from: offset, to: offset, cause: "topic_recreated" });
      const reason = "the topic was deleted and created again";
      return this.#chosen(own, { position: range.start, reason, level: "warning" });
    }
    const end = leaderEpoch < 0 ? null : await offsets.epochEnd(own, { leaderEpoch, isWanted });
    if (!isWanted()) return null;
    if (end !== null && end < offset) {
      if (this.#refuses(own, `the log was truncated to ${end}, before ${offset}`)) return null;
      telemetry.lostRange({ topic, partition, from: end, to: offset, cause: "truncation" });
      return { position: end, leaderEpoch, committed: null, done: [] };
    }
    return { position: offset, leaderEpoch, committed: offset, done };
  }

  /** A position that nobody committed: told, and to be committed so that it is not chosen again. */
  #chosen(
    { topic, partition }: TopicPartition,
    choice: {
      readonly position: number;
      readonly reason: string;
      readonly level?: "info" | "warning";
    },
  ): ChosenPosition {
    this.#rewound.add(partitionKey({ topic, partition }));
    this.#options.telemetry.positionReset({ topic, partition, ...choice });
    return { position: choice.position, leaderEpoch: -1, committed: null, done: [] };
  }

  /**
   * How many partitions a topic had when the group first saw it: as its commits say; where it has none, as it is now;
   * null where another client wrote them.
   */
  firstPartitions(topic: string, committed: readonly CommittedOffset[]): number | null {
    const ofTopic = committed.filter((each) => each.topic === topic && each.offset >= 0);
    if (ofTopic.length === 0) return this.#options.partitionsOf(topic).length;
    const counts = ofTopic
      .map((each) => parseCommitMetadata(each.metadata, each.offset).firstPartitions)
      .filter((count) => count !== null);
    return counts.length === 0 ? null : Math.min(...counts);
  }

  /** A position outside the log, or a topic that was created anew: what is lost, and where to go on. */
  async outside(
    partition: Partition,
    context: { readonly topicId: string | null; readonly isWanted: () => boolean },
  ): Promise<Way> {
    const range = await this.#options.offsets.logRange(partition, context.isWanted);
    if (range === null) return NOWHERE;
    const { topic, partition: number, position } = partition;
    const topicId = this.#options.topicId(topic);
    if (topicId !== null && context.topicId !== null && topicId !== context.topicId) {
      if (this.#refuses(partition, "the topic was deleted and created again")) return NOWHERE;
      const from = partition.prefix;
      const cause = "topic_recreated";
      this.#options.telemetry.lostRange({ topic, partition: number, from, to: position, cause });
      return { go: "restart", position: range.start };
    }
    if (position < range.start) {
      if (this.#refuses(partition, `offsets from ${position} to ${range.start} were deleted`)) {
        return NOWHERE;
      }
      const to = range.start;
      const cause = "retention";
      this.#options.telemetry.lostRange({ topic, partition: number, from: position, to, cause });
      return { go: "skip", position: to };
    }
    return await this.#truncated(partition, context.isWanted) ??
      (position > range.end ? this.#beyondEnd(partition, range) : { go: "ask_again" });
  }

  /** After a change of leader: is what we read still in the log? */
  async validate(partition: Partition, isWanted: () => boolean): Promise<Way> {
    return await this.#truncated(partition, isWanted) ?? { go: "on" };
  }

  /** Another leader has less of the epoch that we read: goes on at the end of what both have. */
  async #truncated(partition: Partition, isWanted: () => boolean): Promise<Way | null> {
    const { topic, partition: number, position, positionEpoch: leaderEpoch } = partition;
    if (leaderEpoch < 0) return null;
    const end = await this.#options.offsets.epochEnd(partition, { leaderEpoch, isWanted });
    if (end === null || end >= position || !isWanted()) return null;
    if (this.#refuses(partition, `the log was truncated to ${end}, before ${position}`)) {
      return NOWHERE;
    }
    const cause = "truncation";
    this.#options.telemetry.lostRange({ topic, partition: number, from: end, to: position, cause });
    return { go: "restart", position: end };
  }

  #beyondEnd(partition: Partition, range: LogRange): Way {
    const reason = `the log ends at ${range.end}, before ${partition.position}`;
    if (this.#refuses(partition, reason)) return NOWHERE;
    const { topic, partition: number } = partition;
    const position = this.#options.autoOffsetReset === "latest" ? range.end : range.start;
    const level = "warning";
    this.#options.telemetry.positionReset({ topic, partition: number, position, reason, level });
    return { go: "restart", position };
  }

  /** Nothing is committed: AUTO_OFFSET_RESET decides. */
  #byPolicy(
    own: TopicPartition,
    { range, firstPartitions }: { range: LogRange; firstPartitions: number | null },
  ): { position: number; reason: string } | null {
    const { autoOffsetReset, onNoOffset } = this.#options;
    if (autoOffsetReset === "none") {
      onNoOffset(`nothing is committed for ${own.topic}/${own.partition}`);
      return null;
    }
    if (autoOffsetReset === "earliest") {
      return { position: range.start, reason: "AUTO_OFFSET_RESET=earliest" };
    }
    // Brokers delete what is committed together with the topic.
    if (this.#options.wasRecreated(own.topic)) {
      return { position: range.start, reason: "the topic was deleted and created again" };
    }
    const wasThere = firstPartitions !== null && own.partition < firstPartitions;
    return wasThere
      ? { position: range.end, reason: "AUTO_OFFSET_RESET=latest" }
      : { position: range.start, reason: "a partition added later starts at its beginning" };
  }

  #refuses(partition: TopicPartition, reason: string): boolean {
    const { autoOffsetReset, onNoOffset } = this.#options;
    if (autoOffsetReset !== "none") return false;
    onNoOffset(`${partition.topic}/${partition.partition}: ${reason}`);
    return true;
  }
}
