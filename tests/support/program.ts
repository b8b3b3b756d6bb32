/**
 * The program under test as a child process, as a user starts it: `deno run` with the permissions of the `start`
 * task, or what APP_COMMAND says, a compiled file for one. Disposing it kills it.
 */
import { eventually, within } from "./eventually.ts";

/** How the program is started. */
export interface ProgramOptions {
  /** Another program than APP_COMMAND or the service. */
  readonly command?: readonly string[];
  /** `["run", "--kafka-brokers", …]`. */
  readonly args?: readonly string[];
  /** All that the program sees beside PATH, HOME and what Deno needs: nothing is inherited by chance. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs, and so where it looks for `.env`; the repository by default. */
  readonly cwd?: string;
  /** Files and folders it may read beside those of the `start` task. Has no effect with APP_COMMAND. */
  readonly allowRead?: readonly string[];
}

/** A line that the program wrote. */
export interface ProgramLine {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/** How the program ended. */
export interface ProgramExit {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

const INHERITED_VARIABLES = [
  ...["PATH", "HOME", "DENO_DIR", "TMPDIR", "XDG_CACHE_HOME", "LANG"],
  "FAST_PATH", // so that a whole run of the tests can be made without it
];
const DEFAULT_DEADLINE_MS = 20_000;
const SHOWN_LINES = 40;
const REPOSITORY = new URL("../../", import.meta.url).pathname;

/** A started program. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ProgramLine[] = [];
  readonly #read: Promise<unknown>;
  #exit: ProgramExit | null = null;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#read = Promise.all([
      this.#collect("stdout", child.stdout),
      this.#collect("stderr", child.stderr),
      child.status.then(({ code, signal }) => this.#exit = { code, signal }),
    ]);
  }

  /** Starts the program; does not wait for anything it says. */
  static async start(options: ProgramOptions = {}): Promise<Program> {
    const [program = "", ...leading] = options.command ??
      await programCommand(options.allowRead ?? []);
    const child = new Deno.Command(program, {
      args: [...leading, ...options.args ?? []],
      cwd: options.cwd ?? REPOSITORY,
      clearEnv: true,
      env: { ...inheritedVariables(), ...options.env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    return new Program(child);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Every line so far, of both streams in the order of arrival. */
  get lines(): readonly ProgramLine[] {
    return this.#lines;
  }

  /** The lines of stdout so far. */
  get stdout(): readonly string[] {
    return this.#lines.filter(({ stream }) => stream === "stdout").map(({ text }) => text);
  }

  /** The lines of stderr so far. */
  get stderr(): readonly string[] {
    return this.#lines.filter(({ stream }) => stream === "stderr").map(({ text }) => text);
  }

  /** Null while the program runs. */
  get exit(): ProgramExit | null {
    return this.#exit;
  }

  /** The first line that contains `text` or fits it, of either stream, from line number `from` on. */
  async waitForLine(
    text: string | RegExp,
    options: { readonly withinMs?: number; readonly from?: number } = {},
  ): Promise<string> {
    const withinMs = options.withinMs ?? DEFAULT_DEADLINE_MS;
    const find = () =>
      this.#lines.slice(options.from ?? 0).find((line) =>
        typeof text === "string" ? line.text.includes(text) : text.test(line.text)
      );
    try {
      await eventually("line or end", () => find() !== undefined || this.#exit !== null, {
        withinMs,
      });
    } catch {
      throw new Error(`No line with ${text} within ${withinMs} ms\n${this.#shown()}`);
    }
    // The last lines may come in after the exit code.
    if (this.#exit !== null) await this.#read;
    const found = find();
    if (found !== undefined) return found.text;
    throw new Error(`Ended without a line with ${text}\n${this.#shown()}`);
  }

  /** Sends a signal; does nothing when the program has ended. */
  signal(signal: Deno.Signal): void {
    if (this.#exit === null) this.#child.kill(signal);
  }

  /** Waits for the program's end and the last of its lines. Throws when it does not come in time. */
  async waitForExit(withinMs: number = DEFAULT_DEADLINE_MS): Promise<ProgramExit> {
    try {
      await within("the program's end", this.#read, withinMs);
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${this.#shown()}`);
    }
    return this.#exit ?? { code: -1, signal: null };
  }

  /** SIGTERM, then the exit. */
  async stop(withinMs: number = DEFAULT_DEADLINE_MS): Promise<ProgramExit> {
    this.signal("SIGTERM");
    return await this.waitForExit(withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.signal("SIGKILL");
    await this.#read;
  }

  async #collect(stream: ProgramLine["stream"], bytes: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    for await (const chunk of bytes.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + chunk).split("\n");
      rest = parts.pop() ?? "";
      for (const text of parts) this.#lines.push({ stream, text });
    }
    if (rest !== "") this.#lines.push({ stream, text: rest });
  }

  #shown(): string {
    const exit = this.#exit === null ? "still running" : `ended with ${JSON.stringify(this.#exit)}`;
    const lines = this.#lines.slice(-SHOWN_LINES).map(({ stream, text }) => `${stream}: ${text}`);
    return [`The program, ${exit}, wrote last:`, ...lines].join("\n");
  }
}

/** The flags of the one permission file, as the tasks and the image use them. */
export async function startPermissions(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(`${REPOSITORY}tools/permissions.txt`);
  return text.split("\n").filter((line) => line !== "");
}

/** The same for programs of tests that start workers: a worker's modules have to be readable. */
export async function permissionsWithModules(): Promise<readonly string[]> {
  return (await startPermissions()).map((flag) =>
    flag.startsWith("--allow-read=") ? `${flag},tests/support` : flag
  );
}

/** APP_COMMAND, or `deno run` with the permissions of the `start` task. */
/** The program under test: APP_COMMAND, or `deno run` with the permissions of the `start` task. */
export async function programCommand(
  allowRead: readonly string[] = [],
): Promise<readonly string[]> {
  const command = Deno.env.get("APP_COMMAND");
  if (command) return command.split(/\s+/);
  const permissions = (await startPermissions()).map((flag) =>
    flag.startsWith("--allow-read=") ? [flag, ...allowRead].join(",") : flag
  );
  return [Deno.execPath(), "run", ...permissions, `${REPOSITORY}main.ts`];
}

function inheritedVariables(): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const name of INHERITED_VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined) variables[name] = value;
  }
  return variables;
}
