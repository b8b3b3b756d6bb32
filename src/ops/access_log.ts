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

  tokenIssuedAgain({ attempts }: { readonly attempts: number }): void {
    this.#logger.info("Got an access token again", { attempts });
  }
}
