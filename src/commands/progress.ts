/** How far a command has come: one line on a terminal, from the first second on, that is gone when the result comes. */
import type { Clock } from "../processing/clock.ts";

const AFTER_MS = 1_000;

export class Progress {
  readonly #enabled: boolean;
  readonly #cancel: () => void;
  #text = "";
  #isDue = false;
  #isShown = false;

  /** @param enabled standard error is a terminal, and nobody asked for silence */
  constructor(clock: Clock, enabled: boolean) {
    this.#enabled = enabled;
    this.#cancel = enabled ? clock.schedule(AFTER_MS, () => this.#start()) : () => {};
  }

  show(text: string): void {
    this.#text = text;
    if (this.#isDue) this.#write(text);
  }

  clear(): void {
    this.#cancel();
    this.#isDue = false;
    if (this.#isShown) this.#write("");
    this.#isShown = false;
  }

  #start(): void {
    this.#isDue = true;
    this.#write(this.#text);
  }

  #write(text: string): void {
    if (!this.#enabled) return;
    this.#isShown = true;
    Deno.stderr.writeSync(new TextEncoder().encode(`\r\x1b[K${text}`));
  }
}
