/** The main thread's end of the way to one worker: orders go out, news comes in, questions have a deadline. */
import { ActionError } from "../ops/http/actions.ts";
import type { Clock } from "../processing/clock.ts";
import type { LogNews, News, Order, PlainError, Question, WorkerReport } from "./protocol.ts";

export interface WorkerLinkOptions {
  readonly module: URL;
  readonly index: number;
  readonly clock: Clock;
  readonly onLog: (news: LogNews) => void;
  readonly onEnded: (news: Extract<News, { readonly type: "ended" }>) => void;
  /** Something in the thread broke: nobody caught it. */
  readonly onBroke: (error: PlainError) => void;
}

const ANSWER_MS = 5_000;

export class WorkerLink {
  readonly index: number;
  readonly #options: WorkerLinkOptions;
  readonly #worker: Worker;
  readonly #connected = Promise.withResolvers<void>();
  readonly #stopped = Promise.withResolvers<number>();
  readonly #asked = new Map<number, PromiseWithResolvers<unknown>>();
  #report: WorkerReport | null = null;
  #looksSinceReport = 0;
  #questions = 0;

  constructor(options: WorkerLinkOptions) {
    this.#options = options;
    this.index = options.index;
    this.#worker = new Worker(options.module, { type: "module", name: `worker-${options.index}` });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<News>) => this.#take(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      const { message, filename, lineno } = event;
      const stack = `${message}\n    at ${filename}:${lineno}`;
      options.onBroke({ name: "Error", message, stack, code: undefined, cause: undefined });
    });
  }

  /** Its last picture; null before the first. */
  get report(): WorkerReport | null {
    return this.#report;
  }

  /** Resolves when it has reached Kafka. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  /** Resolves when it has left the group, with the messages that it had to leave undone. */
  get stopped(): Promise<number> {
    return this.#stopped.promise;
  }

  /** How many looks ago its last report came: looks, and not time, as a frozen process hears nothing either. */
  get looksSinceReport(): number {
    return this.#looksSinceReport;
  }

  look(): void {
    this.#looksSinceReport += 1;
  }

  tell(order: Order): void {
    this.#worker.postMessage(order);
  }

  /** @throws ActionError when it refuses, or does not answer */
  async ask(question: Question): Promise<unknown> {
    const id = ++this.#questions;
    const asked = Promise.withResolvers<unknown>();
    this.#asked.set(id, asked);
    const cancel = this.#options.clock.schedule(ANSWER_MS, () => {
      const text = `Try again, worker ${this.index} does not answer`;
      asked.reject(new ActionError(text, { status: 503 }));
    });
    this.tell({ type: "ask", id, question });
    try {
      return await asked.promise;
    } finally {
      cancel();
      this.#asked.delete(id);
    }
  }

  /** Ends the thread, whatever it does. */
  terminate(): void {
    this.#worker.terminate();
  }

  #take(news: News): void {
    const { onLog, onEnded, onBroke } = this.#options;
    switch (news.type) {
      case "connected":
        return this.#connected.resolve();
      case "report":
        return this.#keep(news.report);
      case "log":
        return onLog(news);
      case "ended":
        return onEnded(news);
      case "broke":
        return onBroke(news.error);
      case "stopped":
        this.#keep(news.report);
        return this.#stopped.resolve(news.abandoned);
      case "answer": {
        const asked = this.#asked.get(news.id);
        if (news.refusal === null) asked?.resolve(news.value);
        else asked?.reject(new ActionError(news.refusal.text, { status: news.refusal.status }));
      }
    }
  }

  #keep(report: WorkerReport): void {
    this.#report = report;
    this.#looksSinceReport = 0;
  }
}
