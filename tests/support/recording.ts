/** Processes of the service that write down what their handlers do, for the oracle. See recording_service.ts. */
import { eventually } from "./eventually.ts";
import type { KafkaClient } from "./kafka_client.ts";
import type { Committed, Handled } from "./oracle.ts";
import { permissionsWithModules, type Program } from "./program.ts";
import { type ServiceOptions, startService } from "./service.ts";

/** What the handler of a recording service does. */
export interface HandlerPlan {
  /** Each call takes between `minMs` and `maxMs`; 0 by default. */
  readonly minMs?: number;
  readonly maxMs?: number;
  /** By user, who is the key, too: so long instead. */
  readonly slowKeys?: Readonly<Record<string, number>>;
  /** By offset: so long instead. */
  readonly slowOffsets?: Readonly<Record<number, number>>;
  /** By user: so many attempts at each message fail. */
  readonly failures?: Readonly<Record<string, number>>;
  /** An address that each attempt calls. */
  readonly calls?: string;
  /** What the process does to itself when it gets that signal. */
  readonly onSignal?: Readonly<Record<string, SelfInflicted>>;
}

/** What happens to a process from inside. */
export interface SelfInflicted {
  /** Its clock, not the monotonic one, jumps by so much. */
  readonly clockJumpMs?: number;
  /** Its event loop does not turn for so long. */
  readonly blockMs?: number;
  /** Handlers wait for so long from now, as if what they write to were down. */
  readonly holdMs?: number;
}

/** Whose records to wait for, all by default, and how long. */
export interface RecordingWait {
  readonly process?: string;
  readonly withinMs: number;
}

const SERVICE = new URL("./recording_service.ts", import.meta.url).pathname;
const REDRIVE = new URL("./recording_redrive.ts", import.meta.url).pathname;
const POLL_PAUSE_MS = 20;

/** A directory with one record for each process. Disposing it deletes them. */
export class Recording implements AsyncDisposable {
  readonly #directory: string;
  #processes = 0;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async start(): Promise<Recording> {
    return new Recording(await Deno.makeTempDir({ prefix: "recording-" }));
  }

  /** Starts one more process, which is called `p1`, `p2` and so on. */
  async startService(
    kafka: { readonly bootstrap: string },
    options: ServiceOptions & { readonly plan?: HandlerPlan },
  ): Promise<Program> {
    return await this.#start(kafka, { ...options, program: SERVICE });
  }

  /** Starts `dead-letters redrive --yes --json` in one more process, with flags of its own by field name. */
  async startRedrive(
    kafka: { readonly bootstrap: string },
    options: ServiceOptions & {
      readonly plan?: HandlerPlan;
      readonly flags?: Readonly<Record<string, unknown>>;
    },
  ): Promise<Program> {
    const more = [JSON.stringify(options.flags ?? {})];
    return await this.#start(kafka, { ...options, program: REDRIVE, more });
  }

  async #start(
    kafka: { readonly bootstrap: string },
    { program, plan = {}, more = [], ...options }: ServiceOptions & {
      readonly program: string;
      readonly plan?: HandlerPlan;
      readonly more?: readonly string[];
    },
  ): Promise<Program> {
    this.#processes += 1;
    const path = `${this.#directory}/p${this.#processes}`;
    await Deno.writeTextFile(path, "");
    const flags = [...await permissionsWithModules(), `--allow-write=${path}`];
    return await startService(kafka, {
      ...options,
      command: [Deno.execPath(), "run", ...flags, program],
      args: [path, JSON.stringify(plan), ...more],
    });
  }

  /** The name of the process that was started last, and where it writes. */
  get newest(): { readonly process: string; readonly path: string } {
    const process = `p${this.#processes}`;
    return { process, path: `${this.#directory}/${process}` };
  }

  /** Everything written down so far, by time, for one process in the order in which it wrote. */
  async handled(): Promise<readonly Handled[]> {
    const records: Handled[][] = [];
    for (let number = 1; number <= this.#processes; number += 1) {
      records.push(await this.of(`p${number}`));
    }
    return records.flat().sort((a, b) => a.at - b.at);
  }

  /** What one process wrote down so far. */
  async of(process: string): Promise<Handled[]> {
    const lines = (await Deno.readTextFile(`${this.#directory}/${process}`)).split("\n");
    lines.pop(); // what follows the last newline may be half a line
    return lines.map((line) => parseHandled(line, process));
  }

  /** Waits until so many ends are written down by one process, or by all. */
  async untilDone(count: number, options: RecordingWait): Promise<void> {
    await this.#until("done", { count, ...options });
  }

  /** Waits until so many starts are written down by one process, or by all. */
  async untilStarted(count: number, options: RecordingWait): Promise<void> {
    await this.#until("start", { count, ...options });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#directory, { recursive: true });
  }

  async #until(
    kind: Handled["kind"],
    { count, process, withinMs }: RecordingWait & { readonly count: number },
  ): Promise<void> {
    const probe = async () => {
      const records = process === undefined ? await this.handled() : await this.of(process);
      return records.filter((record) => record.kind === kind).length;
    };
    await eventually(`${process ?? "all"}: ${count} x ${kind}`, probe, {
      withinMs,
      everyMs: 100,
      until: (found) => found >= count,
    });
  }
}

/** Reads one line of what a process wrote down. */
export function parseHandled(line: string, process: string): Handled {
  const [kind, topic = "", partition, offset, eventId = "", at, hash = ""] = line.split("\t");
  return {
    kind: kind === "start" ? "start" : "done",
    topic,
    partition: Number(partition),
    offset: Number(offset),
    eventId,
    hash,
    at: Number(at),
    process,
  };
}

/** Looks at what a group has committed until it is stopped. */
export class CommitWatch implements AsyncDisposable {
  readonly #seen: Committed[] = [];
  readonly #last = new Map<number, number>();
  readonly #watching: Promise<void>;
  #isStopped = false;

  constructor(
    kafka: KafkaClient,
    { group, topic }: { readonly group: string; readonly topic: string },
  ) {
    this.#watching = this.#watch(async () => {
      const offsets = await kafka.committed(group, topic);
      return offsets.map((offset, partition) => ({ topic, partition, offset, at: Date.now() }));
    });
  }

  /** Each change of a committed offset, in the order in which they were seen. */
  get commits(): readonly Committed[] {
    return this.#seen;
  }

  /** The sum of what is committed now: the number of messages done, where each log starts at 0. */
  get sum(): number {
    return this.#last.values().reduce((sum, offset) => sum + offset, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    await this.#watching;
  }

  async #watch(look: () => Promise<readonly Committed[]>): Promise<void> {
    while (!this.#isStopped) {
      // A coordinator that moves does not answer for a moment.
      for (const commit of await look().catch(() => [])) {
        if (commit.offset < 0 || this.#last.get(commit.partition) === commit.offset) continue;
        this.#last.set(commit.partition, commit.offset);
        this.#seen.push(commit);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_PAUSE_MS));
    }
  }
}
