/**
 * The service as a whole: the order in which its parts start and stop stands in `start` and `stop`; wiring.ts says who
 * tells whom. The same service runs against a real Kafka and, in `demo` and tests, the embedded broker.
 */
import type { LettersBoard } from "./dead_letters/board.ts";
import { connectOnce } from "./kafka/connect.ts";
import { outOfDateCertificate } from "./kafka/certificate.ts";
import { diagnose, type Diagnosis } from "./kafka/diagnosis.ts";
import { selfTestCodecs } from "./kafka/codecs.ts";
import { isAuthorizationCode } from "./kafka/error_codes.ts";
import type { Refusal } from "./kafka/generation.ts";
import { checkKafkajs } from "./kafka/kafkajs.ts";
import { EXIT, ExitError } from "./ops/exit.ts";
import type { PartitionActions } from "./ops/http/actions.ts";
import type { RatesSnapshot } from "./ops/rates.ts";
import { showContent } from "./ops/shown_content.ts";
import type { ServiceStatus, SlowSnapshot } from "./ops/snapshot.ts";
import type { Watchdog } from "./ops/watchdog.ts";
import { sleep } from "./processing/clock.ts";
import { slowestHeld } from "./processing/standstill.ts";
import { type Parts, wire } from "./wiring.ts";
import { breakerProblem } from "./wiring/breaker.ts";
import { Operator } from "./wiring/operator.ts";
import { pauseText } from "./wiring/pause.ts";
import { wireWatchdog } from "./wiring/watchdog.ts";
import { wireLetters } from "./wiring/dead_letters.ts";
import { diagnosisContext, type ServiceOptions } from "./wiring/service_options.ts";
import { StatusBoard } from "./wiring/status.ts";

/** What a stop could and could not finish. */
export interface StopReport {
  /** Messages whose handlers had to be left running: they come again after the restart. */
  readonly abandoned: number;
}

const NOT_COMMITTED_EVERY_MS = 600_000;
const NOT_COMMITTED =
  "Offsets are not committed: set ENABLE_AUTO_COMMIT=true, commits happen only after processing";

export class Service {
  /** What can be done to it while it runs. */
  readonly operator: PartitionActions;
  /** What lies in its dead-letter topics. */
  readonly deadLetters: LettersBoard;
  readonly #options: ServiceOptions;
  readonly #parts: Parts;
  readonly #board: StatusBoard;
  readonly #watchdog: Watchdog;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<ExitError>();
  #cancelReminder = () => {};
  #background: Promise<unknown>[] = [];
  #hasJoined = false;
  #groupRefusal: Refusal | null = null;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#parts = wire(options, {
      onFatal: (error) => this.#ended.resolve(error),
      onRefused: (refusal) => this.#onRefused(refusal),
      onAccepted: () => this.#onAccepted(),
      onFirstJoin: () => this.#onFirstJoin(),
    });
    options.redriving?.attach(this.#parts);
    this.#watchdog = wireWatchdog(options, {
      parts: this.#parts,
      refusal: () => this.#groupRefusal,
      onStalled: (text) => this.#ended.resolve(new ExitError(EXIT.INTERNAL, text)),
    });
    const stalls = () => this.#watchdog.stalls;
    this.#board = new StatusBoard(options, { parts: this.#parts, stalls });
    options.health.addCheck("stalled", () => this.#watchdog.problem);
    options.health.addCheck("fetch", () => this.#parts.fetcher.refusal);
    options.health.addCheck("unreadable", () => this.#parts.quarantine.problem);
    options.health.addCheck("access", () => this.#parts.access.problem);
    options.health.addCheck("lease", () => this.#leaseProblem());
    options.health.addCheck("rebalance", () => this.#board.rebalanceProblem());
    const addPaused = options.config.readyWhenPaused ? "addNote" : "addCheck";
    options.health[addPaused]("breaker", () => breakerProblem(this.#parts.assignment.all()));
    options.health[addPaused]("pause", () => pauseText(this.#parts.assignment));
    options.health.addNote("assignment", () => this.#assignmentNote());
    this.operator = new Operator(options, this.#parts);
    this.deadLetters = wireLetters(options, this.#parts);
  }

  /** Resolves when the service cannot go on, with the reason and the exit code. */
  get ended(): Promise<ExitError> {
    return this.#ended.promise;
  }

  /** Messages behind the ends of the logs that we own; null until the first answers. */
  lag(): number | null {
    return this.#board.lag();
  }

  /** How fast it goes, over the last minute; null in the first seconds. */
  rates(): RatesSnapshot | null {
    return this.#board.rates();
  }

  /** Messages that were begun and are not done, the slowest first. */
  slowest(max: number): readonly SlowSnapshot[] {
    const { clock, config } = this.#options;
    const slowest = slowestHeld(this.#parts.assignment.all(), { nowMs: clock.now(), max });
    const options = { showValues: config.consoleShowValues };
    return slowest.map(({ held, message, waitingBehind }) => ({
      ...held,
      ...showContent(message, options),
      waitingBehind,
    }));
  }

  /** What `/status` shows: where we stand with Kafka, partition by partition. */
  status(): ServiceStatus {
    return this.#board.status();
  }

  /**
   * Reaches Kafka, then joins the group and consumes in the background.
   *
   * @throws ExitError when Kafka cannot be reached in MAX_RETRIES tries, or refuses us for good
   */
  async start(): Promise<void> {
    const { config, health, logger } = this.#options;
    const { metadata, membership, committer } = this.#parts;
    checkKafkajs();
    await selfTestCodecs();
    health.setPhase("connecting");
    await this.#connect();
    if (this.#stop.signal.aborted) return;
    logger.info("Successfully connected to Kafka", { brokers: config.kafkaBrokers.map(String) });
    this.#parts.access.start();
    if (!config.enableAutoCommit) this.#remindOfNoCommits();
    await this.#options.mayJoin?.();
    if (this.#stop.signal.aborted) return;
    committer.start();
    this.#board.start();
    this.#watchdog.start();
    this.#background = [metadata.keepFresh(), membership.run()];
    for (const each of this.#background) each.catch((error) => this.#ended.resolve(broken(error)));
  }

  /** Not ready, drain, commit, leave, close. Safe at any time, also while `start` is under way. */
  async stop(): Promise<StopReport> {
    const { config, health } = this.#options;
    const { connections, consumer, coordinator, committer, fetcher, membership } = this.#parts;
    health.setPhase("draining");
    this.#stop.abort();
    this.#cancelReminder();
    this.#board.stop();
    this.#watchdog.stop();
    const abandoned = await consumer.stop(config.drainTimeoutMs);
    committer.stop();
    await membership.leave();
    coordinator.stop();
    this.#parts.metadata.stop();
    const fetching = Promise.all([
      fetcher.stop(),
      this.#parts.quarantine.stop(),
      this.deadLetters.stop(),
    ]);
    connections.close();
    this.#parts.access.stop();
    this.#parts.security.stop();
    await Promise.allSettled([fetching, ...this.#background]);
    health.setPhase("stopped");
    return { abandoned };
  }

  async #connect(): Promise<void> {
    const { config, clock, logger } = this.#options;
    const tries = Math.max(1, config.maxRetries);
    for (let attempt = 1; !this.#stop.signal.aborted; attempt++) {
      try {
        const created = await connectOnce(this.#parts.connect);
        for (const topic of created) logger.info("Created dead-letter topic {topic}", { topic });
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const { text, hint, exitCode } = await this.#diagnose(error);
        const giveUp = attempt >= tries;
        if (exitCode !== null) throw new ExitError(exitCode, `${text}. ${hint}`, { cause: error });
        const facts = { attempt, tries, reason: text, hint };
        if (giveUp) {
          logger.warning("Cannot connect to Kafka, giving up", facts);
          const tried = `tried ${tries} time${tries === 1 ? "" : "s"}`;
          throw new ExitError(
            EXIT.UNAVAILABLE,
            `Cannot connect to Kafka, ${tried}: ${text}. ${hint}. The subcommand doctor examines each step`,
          );
        }
        const delaySeconds = config.retryDelay;
        logger.warning("Cannot connect to Kafka, trying again", { ...facts, delaySeconds });
        await sleep(clock, delaySeconds * 1000, this.#stop.signal);
      }
    }
  }

  /** An expired certificate looks like an untrusted one; only asking again tells, and only the latter is final. */
  async #diagnose(error: unknown): Promise<Diagnosis> {
    const { config } = this.#options;
    const outOfDate = await outOfDateCertificate(error, {
      ca: config.kafkaTlsCa?.read() ?? null,
      servername: config.kafkaTlsServername,
      deadlineMs: config.socketConnectionSetupTimeoutMs,
    });
    return diagnose(error, { ...diagnosisContext(config), outOfDate });
  }

  #onFirstJoin(): void {
    this.#hasJoined = true;
    if (!this.#stop.signal.aborted) this.#options.health.setPhase("running");
  }

  /** Final where waiting cannot help. Missing rights are access.ts's business. */
  #onRefused(refusal: Refusal): void {
    const { health, redriving, telemetry } = this.#options;
    if (redriving?.onRefused(refusal)) return;
    if (refusal.final) {
      this.#ended.resolve(new ExitError(EXIT.CONFIG, refusal.text));
      return;
    }
    if (refusal.of === "group") this.#groupRefusal = refusal;
    if (isAuthorizationCode(refusal.code)) return;
    telemetry.groupRefused({ reason: refusal.text });
    if (refusal.of === "group") health.setProblem("group", refusal.text);
  }

  #onAccepted(): void {
    this.#groupRefusal = null;
    this.#options.health.setProblem("group", null);
  }

  /** Without the lease nothing new is started: the coordinator may have given our partitions away. */
  #leaseProblem(): string | null {
    if (!this.#hasJoined || this.#parts.membership.lease.holds) return null;
    return "no heartbeat was answered within the session";
  }

  /** More members than partitions: nothing is wrong, and nothing is to be expected of us. */
  #assignmentNote(): string | null {
    const { assignment, membership } = this.#parts;
    if (!membership.generation?.isStable || membership.generation.assignment.length > 0) {
      return null;
    }
    return assignment.all().length > 0
      ? null
      : "no partition is ours, the group has enough members";
  }

  #remindOfNoCommits(): void {
    const { clock, logger } = this.#options;
    logger.warning(NOT_COMMITTED);
    this.#cancelReminder = clock.schedule(NOT_COMMITTED_EVERY_MS, () => this.#remindOfNoCommits());
  }
}

function broken(error: unknown): ExitError {
  const text = `Report this, the service broke: ${(error as Error).message}`;
  return new ExitError(EXIT.INTERNAL, text, { cause: error });
}
