/** What operators read about credentials and rights: each change once, however often it is met. */
import type { Logger } from "../processing/message.ts";

export class AccessLog {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** The endpoint did not issue a token; the one before may still be good. */
  tokenFailed(
    { attempt, delayMs, error }: {
      readonly attempt: number;
      readonly delayMs: number;
      readonly error: unknown;
    },
  ): void {
    const level = attempt === 1 ? "warning" : "debug";
    this.#logger[level]("No access token, trying again", { attempt, delayMs, error });
  }

  /** `giveUpMs` is null where that would not help. */
  accessRefused(
    { reason, giveUpMs }: { readonly reason: string; readonly giveUpMs: number | null },
  ): void {
    const fields = { reason, giveUpMs: giveUpMs ?? undefined };
    this.#logger.error("Kafka refuses us, trying again", fields);
  }

  accessGranted(
    { reason, refusedMs }: { readonly reason: string; readonly refusedMs: number },
  ): void {
    this.#logger.info("Kafka refuses us no longer", { reason, refusedMs });
  }

  tokenIssuedAgain({ attempts }: { readonly attempts: number }): void {
    this.#logger.info("Got an access token again", { attempts });
  }
}
