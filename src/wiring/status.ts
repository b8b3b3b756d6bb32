/** What the service shows of its parts: where each partition stands, and where we stand with Kafka. */
import { deadLetterTopic } from "../config.ts";
import { DeadLetterDepths } from "../kafka/dead_letter_depth.ts";
import { LogEnds } from "../kafka/log_ends.ts";
import { LagMonitor } from "../ops/lag.ts";
import { Rates, type RatesSnapshot } from "../ops/rates.ts";
import type {
  ConnectionState,
  PartitionSnapshot,
  Pauser,
  ServiceStatus,
  StallSnapshot,
} from "../ops/snapshot.ts";
import type { Partition } from "../processing/partition.ts";
import type { Parts } from "../wiring.ts";
import { breakerText } from "./breaker.ts";
import type { ServiceOptions } from "./service_options.ts";

/** Looks this often. */
const LOOK_EVERY_MS = 1_000;
/** What fetches have not told for so long is asked for. */
const LOG_ENDS_AGE_MS = 5_000;

export class StatusBoard {
  readonly #options: ServiceOptions;
  readonly #parts: Parts;
  readonly #stalls: () => readonly StallSnapshot[];
  readonly #lags = new LagMonitor();
  readonly #logEnds: LogEnds;
  readonly #rates: Rates;
  readonly #deadLetters: DeadLetterDepths;
  #rebalancingSince: number | null = null;
  #cancel = () => {};

  constructor(
    options: ServiceOptions,
    { parts, stalls }: { readonly parts: Parts; readonly stalls: () => readonly StallSnapshot[] },
  ) {
    this.#options = options;
    this.#parts = parts;
    this.#stalls = stalls;
    const { telemetry } = options;
    this.#rates = new Rates(() => ({ counts: telemetry.counts(), measures: telemetry.measures }));
    const { metadata, connections: caller, fetcher } = parts;
    const { clock, config } = options;
    const { requestTimeoutMs } = config;
    const topics = config.kafkaTopic.map((topic) => deadLetterTopic(config, topic));
    this.#deadLetters = new DeadLetterDepths({
      caller,
      metadata,
      clock,
      requestTimeoutMs,
      topics: [...new Set(topics.filter((topic) => topic !== null))],
    });
    this.#logEnds = new LogEnds({
      caller,
      metadata,
      clock,
      requestTimeoutMs,
      fetched: (partition) => fetcher.bounds(partition),
      maxAgeMs: LOG_ENDS_AGE_MS,
    });
  }

  /** Looks once a second, until `stop`. */
  start(): void {
    this.#cancel = this.#options.clock.schedule(LOOK_EVERY_MS, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  look(): void {
    const { clock } = this.#options;
    this.#rates.look(clock.now());
    this.#deadLetters.look();
    if (this.#parts.membership.generation?.isStable) this.#rebalancingSince = null;
    else this.#rebalancingSince ??= clock.now();
    const partitions = this.#parts.assignment.all();
    this.#logEnds.look(partitions);
    const views = partitions.map((partition) => {
      const { topic, partition: number, prefix } = partition;
      const bounds = this.#logEnds.of(partition);
      return {
        topic,
        partition: number,
        prefix,
        logEnd: bounds?.logEnd ?? null,
        logSeenAt: bounds?.seenAt ?? -Infinity,
        firstTimestamp: partition.firstTimestamp,
      };
    });
    this.#lags.look(views, { now: clock.now(), wallTime: clock.wallTime() });
  }

  rates(): RatesSnapshot | null {
    return this.#rates.rates(this.#options.clock.now());
  }

  /** A rebalance that takes long: somebody in the group does not come to the point. Null when there is none. */
  rebalanceProblem(): string | null {
    const { clock, config, health } = this.#options;
    if (this.#rebalancingSince === null || health.phase !== "running") return null;
    const forMs = clock.now() - this.#rebalancingSince;
    if (forMs < config.rebalanceTimeoutMs) return null;
    return `the group has been rebalancing for ${Math.round(forMs / 1000)} s`;
  }

  /** Messages behind the ends of the logs that we own, as of now; null until the first answers. */
  lag(): number | null {
    let lag: number | null = null;
    for (const partition of this.#parts.assignment.all()) {
      const bounds = this.#logEnds.of(partition);
      if (bounds !== null) lag = (lag ?? 0) + Math.max(0, bounds.logEnd - partition.prefix);
    }
    return lag;
  }

  status(): ServiceStatus {
    const { config, health } = this.#options;
    const { assignment, fetcher, membership } = this.#parts;
    const { phase, problems } = health.facts();
    const stalls = this.#stalls();
    return {
      phase,
      problems: Object.fromEntries(problems),
      connection: this.#connection(),
      offsetsAreCommitted: config.enableAutoCommit,
      groupId: config.kafkaGroupId,
      generation: membership.generation?.id ?? null,
      lag: this.lag(),
      heartbeatAgeMs: this.#ageMs(membership.lease.lastHeartbeatAt),
      fetchAgeMs: this.#ageMs(fetcher.lastFetchAt),
      inFlight: assignment.inFlight,
      stalls,
      pauseOfAll: assignment.pauseOfAll,
      deadLetterTopics: this.#deadLetters.all,
      partitions: assignment.all().map((partition) => {
        const { topic, partition: number } = partition;
        const stall = stalls.find((each) => each.topic === topic && each.partition === number);
        return this.#partition(partition, stall?.reason ?? null);
      }),
    };
  }

  #partition(partition: Partition, standstill: string | null): PartitionSnapshot {
    const bounds = this.#logEnds.of(partition);
    const lag = this.#lags.of(partition);
    return {
      topic: partition.topic,
      partition: partition.partition,
      state: partition.isHeldUp && partition.state === "active" ? "paused" : partition.state,
      position: partition.position,
      prefix: partition.prefix,
      committed: partition.committed,
      logStart: bounds?.logStart ?? null,
      logEnd: bounds?.logEnd ?? null,
      logSeenAgeMs: bounds === null ? null : this.#ageMs(bounds.seenAt),
      lag: lag?.lag ?? null,
      lagSeconds: lag?.lagSeconds ?? null,
      timeToDrainSeconds: lag?.timeToDrainSeconds ?? null,
      processedPerSecond: lag?.processedPerSecond ?? null,
      windowMessages: partition.windowMessages,
      windowBytes: partition.windowBytes,
      inFlight: partition.inFlight,
      progressAgeMs: lag === null ? 0 : this.#ageMs(lag.progressAt) ?? 0,
      pausedBy: pausersOf(partition),
      pause: partition.pause,
      stalled: this.#parts.quarantine.stalled(partition) ?? breakerText(partition) ?? standstill,
    };
  }

  #connection(): ConnectionState {
    const { phase, hasRun, problems } = this.#options.health.facts();
    const { generation, lease } = this.#parts.membership;
    if (phase === "stopped") return "closed";
    if (problems.has("kafka")) return "unreachable";
    if (problems.has("group") || problems.has("fetch")) return "refused";
    if (!hasRun && generation === null) return phase === "running" ? "joining" : "connecting";
    return generation?.holds && lease.holds ? "connected" : "joining";
  }

  #ageMs(at: number): number | null {
    return at === -Infinity ? null : Math.round(this.#options.clock.now() - at);
  }
}

function pausersOf({ pause, breaker }: Partition): Pauser[] {
  const pausers: Pauser[] = [];
  if (pause !== null) pausers.push("operator");
  if (breaker.isOpen) pausers.push("breaker");
  return pausers;
}
