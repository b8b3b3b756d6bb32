/**
 * An onlooker: reads every commit of a group from __consumer_offsets, and its dead letters, by librdkafka. It sees each
 * commit that the brokers kept, in their order and with their time, and shares nothing with the service.
 */
import { startOnLibrdkafka } from "./librdkafka.ts";
import type { Program } from "./program.ts";

/** Whom to look at. */
export interface GroupObserverOptions {
  readonly bootstrap: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  /** Where it is written down, one commit or dead letter a line: see `parseObserved`. */
  readonly path: string;
}

/** What was seen. A commit of offset -1 is one that the broker forgot. */
export interface Observed {
  readonly kind: "commit" | "dead";
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** By the broker's clock for commits, by the service's for dead letters. */
  readonly at: number;
}

export class GroupObserver implements AsyncDisposable {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(options: GroupObserverOptions): Promise<GroupObserver> {
    const { bootstrap, group, deadLetterTopic, path } = options;
    const args = [bootstrap, group, deadLetterTopic, path];
    const program = await startOnLibrdkafka("librdkafka_observer.py", args);
    await program.waitForLine("looking");
    return new GroupObserver(program);
  }

  /** Throws when it has ended by itself: then nobody saw what happened. */
  check(): void {
    if (this.#program.exit === null) return;
    throw new Error(`The observer failed: ${this.#program.stderr.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Reads one line of the observer's file. */
export function parseObserved(line: string): Observed {
  const [kind, topic = "", partition, offset, at] = line.split("\t");
  return {
    kind: kind === "dead" ? "dead" : "commit",
    topic,
    partition: Number(partition),
    offset: Number(offset),
    at: Number(at),
  };
}
