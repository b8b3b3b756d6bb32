/**
 * A redrive that an operator starts from the console: in this process, beside the service, one at a time. It holds the
 * group of redrives like any other, so that a command elsewhere and this one never do the same.
 */
import type { Config } from "../config.ts";
import { EVERY_LETTER } from "../dead_letters/filter.ts";
import { deadLetterTopics } from "../dead_letters/source.ts";
import { ActionError, type ActionFacts, type LetterScope } from "../ops/http/actions.ts";
import type { RedriveState } from "../ops/http/dead_letters.ts";
import type { OperatorTelemetry } from "../ops/operator_telemetry.ts";
import type { Clock } from "../processing/clock.ts";
import type { Handlers } from "../processing/handler.ts";
import type { Fields, Logger } from "../processing/message.ts";
import { Redrive, type RedriveOptions, type RedriveReport } from "../redrive.ts";

/** A redrive as it is used here. */
export type RunningRedrive = Pick<Redrive, "progress" | "run" | "stop">;

export interface ConsoleRedriveOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly handlers: Handlers;
  readonly logger: Logger;
  readonly version: string;
  readonly telemetry: Pick<OperatorTelemetry, "redriven" | "redriveStopped" | "redriveEnded">;
  /** What is known of dead letters is old. */
  readonly onEnded: () => void;
  /** Makes a redrive; a test makes another. */
  readonly make?: (options: RedriveOptions) => RunningRedrive;
}

interface Current extends Pick<RedriveState, "by" | "fingerprint" | "startedAt"> {
  readonly redrive: RunningRedrive;
  endedAt: number | null;
  ending: RedriveReport["ending"] | null;
  problem: string | null;
}

export class ConsoleRedrive {
  readonly #options: ConsoleRedriveOptions;
  #current: Current | null = null;
  #running: Promise<void> | null = null;
  #isStopped = false;

  constructor(options: ConsoleRedriveOptions) {
    this.#options = options;
  }

  /** Of the one that is under way, or the last; null when there was none. */
  get state(): RedriveState | null {
    if (this.#current === null) return null;
    const { redrive, ...known } = this.#current;
    const { left: _, ...progress } = redrive.progress;
    return { ...known, ...progress };
  }

  /**
   * Redrives letters in the background.
   *
   * @throws ActionError while another one of this process is under way, and when there is nothing to redrive from
   */
  start(scope: LetterScope, facts: ActionFacts): void {
    const { config, clock, telemetry, make = makeRedrive } = this.#options;
    if (deadLetterTopics(config).length === 0) {
      throw new ActionError("DLQ_TOPIC=none keeps no dead letters");
    }
    if (this.#isStopped) throw new ActionError("The service stops", { status: 409 });
    if (this.#running !== null) {
      const by = this.#current?.by ?? "somebody";
      throw new ActionError(`Wait for the redrive of ${by} to end, or stop it`, { status: 409 });
    }
    telemetry.redriven(scope, facts);
    const { fingerprint } = scope;
    const redrive = make({
      ...this.#options,
      logger: marked(this.#options.logger),
      what: "redrive",
      filter: { ...EVERY_LETTER, fingerprint },
      count: null,
      rate: null,
    });
    const current: Current = {
      redrive,
      by: facts.by,
      fingerprint,
      startedAt: Math.trunc(clock.wallTime()),
      endedAt: null,
      ending: null,
      problem: null,
    };
    this.#current = current;
    this.#running = this.#run(current).finally(() => this.#running = null);
  }

  /** @throws ActionError when none is under way */
  stopFor(facts: ActionFacts): void {
    if (this.#running === null) throw new ActionError("No redrive of this process is under way");
    this.#options.telemetry.redriveStopped(facts);
    this.#current?.redrive.stop();
  }

  /** Stops what is under way, and begins nothing more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#current?.redrive.stop();
    await this.#running;
  }

  /** Never rejects. */
  async #run(current: Current): Promise<void> {
    const { clock, onEnded, telemetry } = this.#options;
    try {
      const { ending, abandoned } = await current.redrive.run();
      current.ending = ending;
      if (abandoned > 0) current.problem = `${abandoned} were left without an end: they come again`;
    } catch (error) {
      current.problem = error instanceof Error ? error.message : String(error);
    }
    current.endedAt = Math.trunc(clock.wallTime());
    const { taken, processed, skipped, returned, parked } = current.redrive.progress;
    const { ending, problem: reason } = current;
    telemetry.redriveEnded({ taken, processed, skipped, returned, parked, ending, reason });
    onEnded();
  }
}

function makeRedrive(options: RedriveOptions): RunningRedrive {
  return new Redrive(options);
}

/** Its lines look like the service's: this tells them apart. */
function marked(log: Logger): Logger {
  const all = (fields?: Fields) => ({ ...fields, of: "redrive" });
  return {
    debug: (text, fields) => log.debug(text, all(fields)),
    info: (text, fields) => log.info(text, all(fields)),
    warning: (text, fields) => log.warning(text, all(fields)),
    error: (text, fields) => log.error(text, all(fields)),
  };
}
