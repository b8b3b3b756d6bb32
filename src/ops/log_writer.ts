/**
 * Carries log lines to standard output without ever making the service wait: a reader that does not read, or a full
 * disk, costs lines, and their number is told once there is room again; a reader that has gone costs the rest. What is
 * buffered is bounded, and `flush` brings it out before the process ends.
 */
import { type Clock, sleep } from "../processing/clock.ts";

/** What Deno.stdout does, as far as it is needed. */
export interface LogOutput {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

export interface LogWriterOptions {
  readonly output: LogOutput;
  readonly clock: Clock;
  /** There is room again, after so many lines had to be dropped. */
  readonly onDropped: (lines: number) => void;
}

/** In characters, as lines are nearly always ASCII. */
const BUFFER_MAX = 8 * 1024 * 1024;
const CHUNK = 64 * 1024;
/** A write that takes longer waits for a reader that may never read. */
const STUCK_MS = 250;
const BUSY_RETRY_MS = 10;
/** A disk stays full for a while. */
const FULL_RETRY_MS = 1_000;
const NEWLINE = 10;

/** Lines that are written together. */
interface Chunk {
  readonly bytes: Uint8Array;
  readonly lines: number;
  /** It begins with the end of a line that was cut. */
  readonly endsCut: boolean;
}

export class LogWriter {
  readonly #options: LogWriterOptions;
  readonly #encoder = new TextEncoder();
  #lines: string[] = [];
  #buffered = 0;
  #dropped = 0;
  #isBroken = false;
  /** What was written last ends within a line. */
  #isCut = false;
  #draining: Promise<void> | null = null;
  #writingSince: number | null = null;

  constructor(options: LogWriterOptions) {
    this.#options = options;
  }

  /** Takes one line, without its newline. Never throws, never waits. */
  write(line: string): void {
    if (this.#isBroken) return;
    if (this.#buffered + line.length > BUFFER_MAX) {
      this.#dropped += 1;
      return;
    }
    this.#lines.push(line);
    this.#buffered += line.length + 1;
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
  }

  /**
   * Writes out what is buffered before the process exits at once. Gives up where the reader does not read, as this
   * would hold up the exit for ever.
   */
  flush(): void {
    const { clock } = this.#options;
    if (this.#writingSince !== null) {
      if (clock.now() - this.#writingSince > STUCK_MS) return;
      pause(BUSY_RETRY_MS); // its thread is about to hand the bytes over
    }
    while (this.#lines.length > 0 && !this.#isBroken) this.#writeAllSync(this.#takeChunk().bytes);
  }

  /** Resolves when everything is written, at the latest after `deadlineMs`. */
  async close(deadlineMs: number): Promise<void> {
    const late = new AbortController();
    const deadline = sleep(this.#options.clock, deadlineMs, late.signal);
    await Promise.race([this.#drained(), deadline]);
    late.abort();
  }

  async #drained(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // lines of one burst go together
    while (this.#lines.length > 0 && !this.#isBroken) {
      const isWritten = await this.#writeAll(this.#takeChunk());
      if (isWritten && this.#dropped > 0 && this.#lines.length === 0) {
        const dropped = this.#dropped;
        this.#dropped = 0;
        this.#options.onDropped(dropped);
      }
    }
  }

  #takeChunk(): Chunk {
    let count = 0;
    let length = 0;
    while (count < this.#lines.length && (count === 0 || length < CHUNK)) {
      length += (this.#lines[count]?.length ?? 0) + 1;
      count += 1;
    }
    this.#buffered -= length;
    const endsCut = this.#isCut;
    this.#isCut = false;
    const text = `${endsCut ? "\n" : ""}${this.#lines.splice(0, count).join("\n")}\n`;
    return { bytes: this.#encoder.encode(text), lines: count, endsCut };
  }

  /** False when not all of it could be written. */
  async #writeAll(chunk: Chunk): Promise<boolean> {
    const { output, clock } = this.#options;
    let rest = chunk.bytes;
    while (rest.length > 0 && !this.#isBroken) {
      this.#writingSince = clock.now();
      try {
        rest = rest.subarray(await output.write(rest));
      } catch (error) {
        if (isFull(error)) {
          this.#dropRest(chunk, rest);
          await sleep(clock, FULL_RETRY_MS);
          return false;
        }
        if (isBusy(error)) await sleep(clock, BUSY_RETRY_MS);
        else this.#break();
      } finally {
        this.#writingSince = null;
      }
    }
    return !this.#isBroken;
  }

  #dropRest({ bytes, lines, endsCut }: Chunk, rest: Uint8Array): void {
    const written = bytes.subarray(0, bytes.length - rest.length);
    const whole = written.subarray(endsCut ? 1 : 0).filter((byte) => byte === NEWLINE).length;
    this.#dropped += lines - whole;
    this.#isCut = written.length === 0 ? endsCut : written.at(-1) !== NEWLINE;
  }

  #writeAllSync(bytes: Uint8Array): void {
    const { output, clock } = this.#options;
    const giveUpAt = clock.now() + STUCK_MS;
    let rest = bytes;
    while (rest.length > 0) {
      try {
        rest = rest.subarray(output.writeSync(rest));
      } catch (error) {
        if (!isBusy(error) || clock.now() > giveUpAt) return this.#break();
        pause(BUSY_RETRY_MS);
      }
    }
  }

  /** Nobody will read any more. */
  #break(): void {
    this.#isBroken = true;
    this.#lines = [];
    this.#buffered = 0;
  }
}

/** A parent can have made the pipe non-blocking: full is then an error that passes. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && (error.name === "WouldBlock" || error.name === "Interrupted");
}

/** ENOSPC and EDQUOT have no class of their own in Deno. */
function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    (error.code === "ENOSPC" || error.code === "EDQUOT");
}

function pause(delayMs: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, delayMs);
}
