/**
 * Snapshots as server-sent events, one a second, made once for all that listen and only while somebody does. So many
 * may listen at once; one that does not read misses snapshots, and is let go when it misses many.
 */
import type { Clock } from "../../processing/clock.ts";

export interface EventStreamOptions {
  readonly clock: Clock;
  /** As JSON. */
  readonly snapshot: () => unknown;
}

interface Listener {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  missed: number;
}

const EVERY_MS = 1_000;
const LISTENERS_MAX = 16;
const MISSED_MAX = 30;
/** After this a browser asks again. */
const RETRY = "retry: 2000\n\n";

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #listeners = new Set<Listener>();
  readonly #encoder = new TextEncoder();
  #cancel: (() => void) | null = null;
  #isClosed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** A listener's answer; null when too many listen, or nothing is sent any more. */
  open(): ReadableStream<Uint8Array> | null {
    if (this.#isClosed || this.#listeners.size >= LISTENERS_MAX) return null;
    let listener: Listener | null = null;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = { controller, missed: 0 };
        this.#listeners.add(listener);
        controller.enqueue(this.#encoder.encode(RETRY + this.#event()));
        this.#cancel ??= this.#schedule();
      },
      cancel: () => {
        if (listener !== null) this.#forget(listener);
      },
    }, { highWaterMark: 2 });
  }

  /** Ends all answers, so that the server can end. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) {
      this.#forget(listener);
      listener.controller.close();
    }
  }

  #schedule(): () => void {
    return this.#options.clock.schedule(EVERY_MS, () => {
      this.#cancel = this.#schedule();
      this.#send();
    });
  }

  #send(): void {
    const bytes = this.#encoder.encode(this.#event());
    for (const listener of this.#listeners) {
      const { controller } = listener;
      const hasRoom = (controller.desiredSize ?? 0) > 0;
      listener.missed = hasRoom ? 0 : listener.missed + 1;
      if (hasRoom) controller.enqueue(bytes);
      if (listener.missed < MISSED_MAX) continue;
      this.#forget(listener);
      controller.error(new Error("The listener does not read"));
    }
  }

  #event(): string {
    return `event: snapshot\ndata: ${JSON.stringify(this.#options.snapshot())}\n\n`;
  }

  #forget(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#cancel?.();
    this.#cancel = null;
  }
}
