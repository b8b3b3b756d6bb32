/**
 * Messages at a steady rate by a process of its own: librdkafka, acks=all, idempotent, each send repeated until it is
 * acknowledged. Only what is acknowledged counts; disposing it kills it.
 */
import { startOnLibrdkafka } from "./librdkafka.ts";
import type { Program } from "./program.ts";

/** What is sent. */
export interface SteadyLoadOptions {
  readonly bootstrap: string;
  readonly topic: string;
  /** Messages a second. */
  readonly rate: number;
  /** How many different keys. */
  readonly users: number;
  readonly seed: number;
  /** Share of messages that end as dead letters; 0 by default. */
  readonly invalidShare?: number;
  /** Where acknowledgements are written down, one a line: see `parseSent`. */
  readonly path: string;
}

/** An acknowledged message. */
export interface Sent {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly eventId: string;
  readonly hash: string;
  readonly isValid: boolean;
  readonly sentAt: number;
  readonly acknowledgedAt: number;
}

const STOP_DEADLINE_MS = 130_000;

export class SteadyLoad implements AsyncDisposable {
  readonly #program: Program;

  private constructor(program: Program) {
    this.#program = program;
  }

  static async start(options: SteadyLoadOptions): Promise<SteadyLoad> {
    const { bootstrap, topic, path, rate, users, seed, invalidShare = 0 } = options;
    const settings = JSON.stringify({ rate, users, seed, invalidShare });
    const args = [bootstrap, topic, path, settings];
    const program = await startOnLibrdkafka("librdkafka_load.py", args);
    await program.waitForLine("sending");
    return new SteadyLoad(program);
  }

  /** Sends no more, and waits until all that was sent is acknowledged. Throws when something was not. */
  async stop(): Promise<void> {
    const { code } = await this.#program.stop(STOP_DEADLINE_MS);
    if (code !== 0) throw new Error(`The load failed: ${this.#program.stderr.join("\n")}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Reads one line of the load's file. */
export function parseSent(line: string): Sent {
  const [kind, partition, offset, key = "", eventId = "", hash = "", sentAt, acknowledgedAt] = line
    .split("\t");
  return {
    partition: Number(partition),
    offset: Number(offset),
    key,
    eventId,
    hash,
    isValid: kind === "valid",
    sentAt: Number(sentAt),
    acknowledgedAt: Number(acknowledgedAt),
  };
}
