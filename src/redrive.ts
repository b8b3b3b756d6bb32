/**
 * Takes dead letters out of their topics again: through validation and handlers, or into the parked topic. It is a
 * service like any other, in a group of its own, on the dead-letter topics; it ends by itself where these ended when it
 * began. What is done is what its group has committed, so that it goes on where it was stopped; a second redrive is
 * refused by the broker. Nothing is written to the topics that the messages came from.
 */
import type { Config } from "./config.ts";
import { type LetterFilter, matches } from "./dead_letters/filter.ts";
import { type Letter, originalOf } from "./dead_letters/letter.ts";
import { findOccupant, occupantText, protocolOf } from "./dead_letters/occupant.ts";
import { parkedTopicFor, parkWith, topicOf } from "./dead_letters/parking.ts";
import { redriveGroup } from "./dead_letters/redrive_group.ts";
import { type FullMarks, Selection, SLICE_LETTERS } from "./dead_letters/selection.ts";
import { deadLetterTopics } from "./dead_letters/source.ts";
import { ERROR_CODE } from "./kafka/error_codes.ts";
import type { Refusal } from "./kafka/generation.ts";
import { EXIT, ExitError } from "./ops/exit.ts";
import { Health } from "./ops/health.ts";
import { Recent } from "./ops/recent.ts";
import { Telemetry } from "./ops/telemetry.ts";
import { type Clock, sleep } from "./processing/clock.ts";
import type { Handlers } from "./processing/handler.ts";
import type { Logger, TopicPartition } from "./processing/message.ts";
import type { Partition } from "./processing/partition.ts";
import { partitionKey } from "./processing/partition_key.ts";
import { Service } from "./service.ts";
import type { Parts } from "./wiring.ts";

export interface RedriveOptions {
  /** Of the service whose dead letters these are. */
  readonly config: Config;
  readonly handlers: Handlers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** `park` moves letters to the parked topic instead of handling them. */
  readonly what: "redrive" | "park";
  readonly filter: LetterFilter;
  /** Letters in all; null as many as there are. */
  readonly count: number | null;
  /** Letters a second; null as fast as it goes. */
  readonly rate: number | null;
}

/** How far it has come. */
export interface RedriveProgress {
  readonly state: "starting" | "running" | "stopping" | "ended";
  /** Letters that were begun. */
  readonly taken: number;
  /** By a handler; always 0 in `park`. */
  readonly processed: number;
  /** They have no value: there is nothing to do. */
  readonly skipped: number;
  /** Failed again, and written to the dead-letter topic anew. */
  readonly returned: number;
  /** In the parked topic. */
  readonly parked: number;
  /** Looked at and left as they lie, because they do not fit the filter or can never be redriven. */
  readonly left: number;
}

/**
 * Why it ended: `all` is done, `count` is reached, it was `stopped`, the `marks` of a partition are full, or what was
 * done last could not be `committed` and comes again.
 */
export type RedriveEnding = "all" | "count" | "stopped" | "marks" | "uncommitted";

export interface RedriveReport extends RedriveProgress {
  readonly ending: RedriveEnding;
  /** Letters that were begun and left without an outcome: they come again. */
  readonly abandoned: number;
  /** Partitions in which no more could be done. */
  readonly full: readonly FullMarks[];
}

/** Soon enough that nobody who killed a redrive waits long, and what brokers allow at least is less. */
const SESSION_MAX_MS = 10_000;
const HEARTBEATS_A_SESSION = 5;
const FETCH_MAX_BYTES = 262_144;
const LOOK_MS = 50;
const COMMIT_WITHIN_MS = 10_000;
const COMMIT_AGAIN_MS = 250;
const HELD_BACK_MS = 5_000;

export class Redrive {
  readonly #options: RedriveOptions;
  readonly #topics: readonly string[];
  readonly #groupId: string;
  readonly #telemetry: Telemetry;
  readonly #selection: Selection;
  readonly #service: Service;
  readonly #stop = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  readonly #heldBack = new WeakMap<
    Partition,
    { readonly position: number; readonly since: number }
  >();
  #parts: Parts | null = null;
  #state: RedriveProgress["state"] = "starting";
  #returned = 0;
  #parked = 0;

  constructor(options: RedriveOptions) {
    this.#options = options;
    const { clock, config, filter, handlers, logger, version, what } = options;
    this.#topics = deadLetterTopics(config);
    this.#groupId = redriveGroup(config);
    this.#telemetry = new Telemetry({ logger, clock, recent: new Recent(clock, HIDES_VALUES) });
    this.#selection = new Selection({
      ...options,
      wants: (letter) => isTaken(letter, { filter, what }),
      onRoom: () => this.#parts?.fetcher.wake(),
    });
    this.#failed.promise.catch(() => {}); // whoever runs it hears of it
    this.#service = new Service({
      config: configFor(options, this.#topics),
      handlers,
      clock,
      logger,
      telemetry: this.#telemetry,
      tracing: null,
      health: new Health(),
      version,
      redriving: {
        protocol: protocolOf({ at: clock.wallTime(), random: clock.random() }),
        selection: this.#selection,
        originalOf,
        instead: what === "park" ? parkWith : null,
        topicFor: (letter) => topicOf(letter, config),
        parkedTopicFor,
        onStored: ({ topic }) => {
          if (this.#topics.includes(topic)) this.#returned += 1;
          else this.#parked += 1;
        },
        onRefused: (refusal) => this.#onRefused(refusal),
        attach: (parts) => {
          this.#parts = parts;
        },
      },
    });
    void this.#service.ended.then((error) => this.#failed.reject(error));
  }

  get progress(): RedriveProgress {
    const { processed, skipped } = this.#telemetry.counts();
    return {
      state: this.#state,
      taken: this.#selection.taken,
      processed: this.#options.what === "park" ? 0 : processed,
      skipped,
      returned: this.#returned,
      parked: this.#parked,
      left: this.#selection.left,
    };
  }

  /** Begins nothing more, and ends what is under way. */
  stop(): void {
    this.#stop.abort();
  }

  /**
   * To the end, or to `stop`.
   *
   * @throws ExitError when it cannot go on, with 75 when somebody else is at it; what was done until then is committed
   */
  async run(): Promise<RedriveReport> {
    try {
      const ending = await this.#run();
      const { abandoned } = await this.#close();
      const { full } = this.#selection;
      return { ...this.progress, ending, abandoned, full };
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async #run(): Promise<RedriveEnding> {
    await this.#started();
    const partitions = await this.#joined();
    const ends = await this.#ends(partitions);
    if (this.#stop.signal.aborted || ends === null) return "stopped";
    this.#state = "running";
    this.#selection.start(ends);
    while (true) {
      await this.#until(() => this.#isOver(partitions));
      const ending = this.#ending();
      if (ending === "stopped") return ending;
      const outcome = await this.#commitAll(partitions);
      if (outcome !== "reopened") return outcome === "committed" ? ending : "uncommitted";
    }
  }

  /** Or stopped meanwhile, which ends the start, too. */
  async #started(): Promise<void> {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    this.#stop.signal.addEventListener("abort", () => resolve(), { once: true });
    const starting = this.#service.start();
    starting.catch(() => {}); // once it is stopped nobody listens any more
    if (!this.#stop.signal.aborted) await Promise.race([starting, this.#failed.promise, stopped]);
  }

  #ending(): RedriveEnding {
    if (this.#stop.signal.aborted) return "stopped";
    if (this.#selection.full.length > 0) return "marks";
    return this.#selection.isCountReached ? "count" : "all";
  }

  async #close(): Promise<{ readonly abandoned: number }> {
    this.#state = "stopping";
    this.#selection.close();
    const report = await this.#service.stop();
    this.#telemetry.stop();
    this.#state = "ended";
    return report;
  }

  /** All partitions: no other member can have any. */
  async #joined(): Promise<readonly TopicPartition[]> {
    const { membership } = this.#attached();
    await this.#until(() => membership.generation?.isStable === true);
    return membership.generation?.assignment ?? [];
  }

  /** Where the topics end now; null when nobody wants to know any more. */
  async #ends(partitions: readonly TopicPartition[]): Promise<ReadonlyMap<string, number> | null> {
    const { offsets } = this.#attached();
    const isWanted = () => !this.#stop.signal.aborted;
    const asked = partitions.map(async (each): Promise<[string, number] | null> => {
      const range = await offsets.logRange(each, isWanted);
      return range === null ? null : [partitionKey(each), range.end];
    });
    const ends = await Promise.race([Promise.all(asked), this.#failed.promise]);
    const known = ends.filter((each) => each !== null);
    return known.length < ends.length ? null : new Map(known);
  }

  /** Nothing more is to be taken, and what was taken has its outcome. */
  #isOver(partitions: readonly TopicPartition[]): boolean {
    const { assignment } = this.#attached();
    return partitions.every((each) => {
      const partition = assignment.get(each);
      if (partition?.state !== "active" || partition.windowMessages > 0) return false;
      return this.#selection.isOver(partition) || this.#isHeldBack(partition);
    });
  }

  /** What a transaction holds that is still open is not there yet, and a new leader may not know of it: for a while. */
  #isHeldBack(partition: Partition): boolean {
    const { position } = partition;
    const now = this.#options.clock.now();
    const lastStable = this.#attached().fetcher.bounds(partition)?.lastStable ?? Infinity;
    const held = this.#heldBack.get(partition);
    if (position < lastStable) this.#heldBack.delete(partition);
    else if (held?.position === position) return now - held.since >= HELD_BACK_MS;
    else this.#heldBack.set(partition, { position, since: now });
    return false;
  }

  /** Within a deadline. `reopened`: the group was lost before that, and what is not committed comes again. */
  async #commitAll(
    partitions: readonly TopicPartition[],
  ): Promise<"committed" | "late" | "reopened"> {
    const { clock } = this.#options;
    const { assignment, committer } = this.#attached();
    const giveUpAt = clock.now() + COMMIT_WITHIN_MS;
    while (this.#isOver(partitions)) {
      if (assignment.snapshot().length === 0) return "committed";
      if (clock.now() >= giveUpAt) return "late";
      await Promise.race([committer.commit(), this.#failed.promise]);
      if (assignment.snapshot().length > 0) await sleep(clock, COMMIT_AGAIN_MS);
    }
    return "reopened";
  }

  /** Or until it is stopped. */
  async #until(isSo: () => boolean): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !isSo()) {
      const look = new AbortController();
      const again = sleep(this.#options.clock, LOOK_MS, look.signal);
      await Promise.race([again, this.#failed.promise]).finally(() => look.abort());
    }
  }

  #onRefused({ code }: Refusal): boolean {
    if (code !== ERROR_CODE.INCONSISTENT_GROUP_PROTOCOL) return false;
    void this.#occupied().then((error) => this.#failed.reject(error));
    return true;
  }

  async #occupied(): Promise<ExitError> {
    const { connections: caller, metadata } = this.#attached();
    const { requestTimeoutMs } = this.#options.config;
    const asked = { caller, brokers: metadata.brokers, requestTimeoutMs };
    const occupant = await findOccupant(asked, this.#groupId);
    const who = occupant === null ? null : occupantText(occupant);
    const { config } = this.#options;
    return this.#state === "starting" ? occupiedError(config, who) : takenOverError(config, who);
  }

  #attached(): Parts {
    if (this.#parts === null) throw new Error("Cannot redrive before the parts are made");
    return this.#parts;
  }
}

/** Somebody else is at it: `who`, where that is known. */
export function occupiedError(config: Config, who: string | null): ExitError {
  const seconds = sessionMs(config) / 1_000;
  const text = `Wait for the redrive that is under way, or stop it: ${who ?? "another one"}. ` +
    `One that was killed is forgotten within ${seconds} s (group ${redriveGroup(config)})`;
  return new ExitError(EXIT.INCOMPLETE, text);
}

/** Somebody else took over while this one was frozen, or cut off from the brokers. */
function takenOverError(config: Config, who: string | null): ExitError {
  const seconds = sessionMs(config) / 1_000;
  const text =
    `Leave the rest to the redrive that took over: ${who ?? "another one"}. This one was ` +
    `silent for longer than ${seconds} s, and what it had not committed may be done again`;
  return new ExitError(EXIT.INCOMPLETE, text);
}

/** Can it be taken at all? What is no message can only be parked. */
export function isTaken(
  letter: Letter,
  { filter, what }: Pick<RedriveOptions, "filter" | "what">,
): boolean {
  return (what === "park" || letter.obstacle === null) && matches(letter, filter);
}

const HIDES_VALUES = { showValues: false } as const;

function sessionMs({ sessionTimeoutMs }: Config): number {
  return Math.min(sessionTimeoutMs, SESSION_MAX_MS);
}

/** The settings of the service, but for what makes it a redrive. */
function configFor({ config, what }: RedriveOptions, topics: readonly string[]): Config {
  const sessionTimeoutMs = sessionMs(config);
  return {
    ...config,
    kafkaTopic: topics,
    kafkaGroupId: redriveGroup(config),
    kafkaGroupInstanceId: null,
    autoOffsetReset: "earliest",
    readFromBeginning: false,
    enableAutoCommit: true,
    dlqBreaker: null,
    sessionTimeoutMs,
    heartbeatIntervalMs: Math.min(
      config.heartbeatIntervalMs,
      sessionTimeoutMs / HEARTBEATS_A_SESSION,
    ),
    partitionWindowMessages: SLICE_LETTERS,
    maxPartitionFetchBytes: Math.min(config.maxPartitionFetchBytes, FETCH_MAX_BYTES),
    // Parking goes on until it succeeds: a letter has no other place to go.
    processingMaxAttempts: what === "park" ? Number.MAX_SAFE_INTEGER : config.processingMaxAttempts,
  };
}
