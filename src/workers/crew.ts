/**
 * All workers of this process, as one service: they start and stop together, join the group together once each has
 * reached Kafka, and one that cannot go on ends all. What is shown are sums of what each reported last.
 */
import type { Config, ConfigSources } from "../config.ts";
import { deadLetterTopics } from "../dead_letters/source.ts";
import type { Counts } from "../ops/counts.ts";
import { EXIT, ExitError } from "../ops/exit.ts";
import type { HealthFacts } from "../ops/health.ts";
import {
  ActionError,
  type ActionFacts,
  type ActionScope,
  type LetterScope,
  type PartitionActions,
} from "../ops/http/actions.ts";
import type { DeadLettersDocument } from "../ops/http/dead_letters.ts";
import type { LogLevelControl } from "../ops/logger.ts";
import type { Measures } from "../ops/measures.ts";
import type { OperatorTelemetry } from "../ops/operator_telemetry.ts";
import { Rates, type RatesSnapshot } from "../ops/rates.ts";
import {
  type ServiceStatus,
  type SlowSnapshot,
  type WorkerSnapshot,
  workerSnapshot,
} from "../ops/snapshot.ts";
import { type Clock, sleep } from "../processing/clock.ts";
import type { Logger } from "../processing/message.ts";
import type { StopReport } from "../service.ts";
import { type Happened, type PlainError, REPORT_EVERY_MS, type WorkerReport } from "./protocol.ts";
import { writeLine } from "./relayed_log.ts";
import { splitConfig } from "./split.ts";
import {
  isReady,
  mergeHappened,
  mergeHealth,
  mergeSlowest,
  mergeStatus,
  sumCounts,
  sumMeasures,
  type WorkerHealth,
} from "./sums.ts";
import { WorkerLink } from "./worker_link.ts";

export interface CrewOptions {
  readonly config: Config;
  readonly sources: Pick<ConfigSources, "flags" | "env">;
  readonly version: string;
  /** How many, 2 or more. */
  readonly count: number;
  /** What each is started with: it calls `runWorker`. */
  readonly module: URL;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly logLevel: Pick<LogLevelControl, "level">;
  readonly telemetry: Pick<OperatorTelemetry, "paused" | "resumed" | "rehearsed">;
  /** Nobody caught it: the process is to end at once. */
  readonly onBroke: (error: PlainError, worker: number) => void;
}

type LettersDocument = Omit<DeadLettersDocument, "redrive">;

/** A worker that has not reported for so many looks computes without a pause. */
const SILENT_LOOKS = 10;
/** Beyond DRAIN_TIMEOUT_MS, to commit, leave and close. */
const STOP_GRACE_MS = 15_000;

export class Crew {
  readonly operator: PartitionActions;
  readonly #options: CrewOptions;
  readonly #links: readonly WorkerLink[];
  /** They are not waited for. */
  readonly #stuck = new Set<WorkerLink>();
  readonly #rates: Rates;
  readonly #ended = Promise.withResolvers<ExitError>();
  #level: string;
  #hasBegun = false;
  #isStopping = false;
  #cancelLook = () => {};

  constructor(options: CrewOptions) {
    this.#options = options;
    const { clock, config, count, logger, module, onBroke } = options;
    this.#level = config.logLevel;
    this.#links = Array.from({ length: count }, (_, index) =>
      new WorkerLink({
        module,
        index,
        clock,
        onLog: (news) => writeLine(logger, { ...news, worker: index }),
        onEnded: ({ exitCode, message }) =>
          this.#ended.resolve(new ExitError(exitCode, `Worker ${index}: ${message}`)),
        onBroke: (error) => onBroke(error, index),
      }));
    this.#rates = new Rates(() => ({ counts: this.counts(), measures: this.measures }));
    this.operator = {
      pause: (scope, facts) => this.#move("pause", { scope, facts }),
      resume: (scope, facts) => this.#move("resume", { scope, facts }),
    };
  }

  /** Resolves when a worker cannot go on, with its reason and exit code. */
  get ended(): Promise<ExitError> {
    return this.#ended.promise;
  }

  /** All reach Kafka, then all join. A worker that cannot reach it ends all: see `ended`. */
  async start(): Promise<void> {
    const { count: of, sources, version } = this.#options;
    this.#hasBegun = true;
    for (const link of this.#links) {
      link.tell({ type: "begin", share: { index: link.index, of }, sources, version });
    }
    this.#look();
    await Promise.all(this.#links.map(({ connected }) => connected));
    if (!this.#isStopping) this.#tellAll({ type: "join" });
  }

  /** All drain, commit and leave at the same time. */
  async stop(): Promise<StopReport> {
    this.#isStopping = true;
    this.#tellAll({ type: "stop" });
    const stopping = this.#hasBegun ? this.#links.map((link) => this.#stopped(link)) : [];
    const abandoned = await Promise.all(stopping);
    this.#cancelLook();
    for (const link of this.#links) link.terminate();
    return { abandoned: abandoned.reduce((sum, each) => sum + each, 0) };
  }

  counts(): Counts {
    return sumCounts(this.#reports);
  }

  get measures(): Measures {
    return sumMeasures(this.#reports);
  }

  /** The heap of all threads but this one. */
  get memory(): { readonly heapUsedBytes: number; readonly externalBytes: number } {
    const sum = (of: (report: WorkerReport) => number) =>
      this.#reports.reduce((total, report) => total + of(report), 0);
    return {
      heapUsedBytes: sum(({ heapUsedBytes }) => heapUsedBytes),
      externalBytes: sum(({ externalBytes }) => externalBytes),
    };
  }

  facts(): HealthFacts {
    const facts = mergeHealth(this.#links.map((link) => this.#healthOf(link)));
    return this.#isStopping && facts.phase !== "stopped" ? { ...facts, phase: "draining" } : facts;
  }

  status(): ServiceStatus {
    const { kafkaGroupId: groupId } = this.#options.config;
    const { phase, problems } = this.facts();
    return mergeStatus(this.#reports, { phase, problems, groupId });
  }

  lag(): number | null {
    return this.status().lag;
  }

  rates(): RatesSnapshot | null {
    return this.#rates.rates(this.#options.clock.now());
  }

  slowest(): readonly SlowSnapshot[] {
    return mergeSlowest(this.#reports);
  }

  happened(): Happened {
    return mergeHappened(this.#reports);
  }

  /** Each worker that has reported. */
  workers(): readonly WorkerSnapshot[] {
    const { config, count: of } = this.#options;
    return this.#links.flatMap((link): WorkerSnapshot[] => {
      const { report, index } = link;
      if (report === null) return [];
      return [workerSnapshot(report.status, {
        worker: index,
        clientId: splitConfig(config, { index, of }).kafkaClientId,
        isReady: isReady(this.#healthOf(link)),
        processed: report.counts.processed,
        heapUsedBytes: report.heapUsedBytes,
      })];
    });
  }

  /** Dead letters are the same for all: the first worker looks at them. */
  get deadLetters(): {
    document(): Promise<LettersDocument>;
    rehearse(scope: LetterScope, facts: ActionFacts): Promise<void>;
    expire(): void;
  } {
    const first = this.#links[0] as WorkerLink;
    return {
      document: () => this.#letters(first),
      rehearse: async (scope, facts) => {
        await first.ask({ what: "rehearse", scope, facts });
        this.#options.telemetry.rehearsed(scope, facts);
      },
      expire: () => void first.ask({ what: "expire_dead_letters" }).catch(() => {}),
    };
  }

  /** Where the worker does not answer, that is the problem which is shown. */
  async #letters(of: WorkerLink): Promise<LettersDocument> {
    try {
      return await of.ask({ what: "dead_letters" }) as LettersDocument;
    } catch (error) {
      if (!(error instanceof ActionError)) throw error;
      const topics = deadLetterTopics(this.#options.config);
      return { topics, problem: error.message, look: null, rehearsal: null };
    }
  }

  get #reports(): readonly WorkerReport[] {
    return this.#links.map(({ report }) => report).filter((report) => report !== null);
  }

  #tellAll(order: Parameters<WorkerLink["tell"]>[0]): void {
    for (const link of this.#links) link.tell(order);
  }

  /** Every worker is told: a partition may move from one to another, and takes its pause along. */
  async #move(
    what: "pause" | "resume",
    { scope, facts }: { readonly scope: ActionScope; readonly facts: ActionFacts },
  ): Promise<void> {
    await Promise.all(this.#links.map((link) => link.ask({ what, scope, facts })));
    const { telemetry } = this.#options;
    if (what === "pause") telemetry.paused(scope, facts);
    else telemetry.resumed(scope, facts);
  }

  #look(): void {
    const { clock, config, logLevel } = this.#options;
    this.#rates.look(clock.now());
    if (logLevel.level !== this.#level) {
      this.#level = logLevel.level;
      this.#tellAll({ type: "log_level", level: logLevel.level });
    }
    for (const link of this.#links) {
      link.look();
      const silentMs = link.looksSinceReport * REPORT_EVERY_MS;
      if (silentMs >= config.stallHardMs) {
        this.#stuck.add(link);
        const text = `Worker ${link.index} has computed without a pause for ${silentMs / 1000} s`;
        this.#ended.resolve(new ExitError(EXIT.INTERNAL, text));
      }
    }
    this.#cancelLook = clock.schedule(REPORT_EVERY_MS, () => this.#look());
  }

  #healthOf({ index: worker, report, looksSinceReport }: WorkerLink): WorkerHealth {
    const silentSeconds = looksSinceReport * REPORT_EVERY_MS / 1000;
    const silence = looksSinceReport >= SILENT_LOOKS
      ? `has computed without a pause for ${silentSeconds} s`
      : null;
    return { worker, facts: report?.health ?? null, silence };
  }

  /** What the worker says that it left undone; where it does not say in time, what it had in flight. */
  async #stopped(link: WorkerLink): Promise<number> {
    const { clock, config, logger } = this.#options;
    const late = new AbortController();
    const waitMs = this.#stuck.has(link) ? 0 : config.drainTimeoutMs + STOP_GRACE_MS;
    const deadline = sleep(clock, waitMs, late.signal);
    const abandoned = await Promise.race([link.stopped, deadline.then(() => null)]);
    late.abort();
    if (abandoned !== null) return abandoned;
    logger.error("Worker did not stop in time, ended as it was", { worker: link.index });
    return Math.max(1, link.report?.status.inFlight ?? 1);
  }
}
