/**
 * Runs a program that is not ours (mvn, java, docker, python3) to its end, with a deadline, and says in the
 * error what it printed. For a program that keeps running see program.ts and kafka_cluster.ts.
 */

/** What a command left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed; without it the input is empty. */
  readonly input?: string;
  /** The command is killed after this time. */
  readonly deadlineMs: number;
}

/** Most characters of a failed command's output that go into the error. */
const MAX_SHOWN_CHARACTERS = 4000;

/** Runs `command` and answers its output. Throws when it cannot be started, fails or passes its deadline. */
export async function run(command: readonly string[], options: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await runForResult(command, options);
  if (code === 0) return stdout;
  const shown = `${stdout}\n${stderr}`.trim().slice(-MAX_SHOWN_CHARACTERS);
  throw new Error(`Command failed with exit code ${code}: ${command.join(" ")}\n${shown}`);
}

/** As `run`, but an exit code other than 0 is an answer, not an error. */
export async function runForResult(
  [program = "", ...args]: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const child = new Deno.Command(program, {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
  }).spawn();
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, options.deadlineMs);
  try {
    const [output] = await Promise.all([child.output(), writeInput(child, options.input)]);
    if (isLate) {
      throw new Error(`Command passed its deadline of ${options.deadlineMs} ms: ${program}`);
    }
    return {
      code: output.code,
      stdout: new TextDecoder().decode(output.stdout),
      stderr: new TextDecoder().decode(output.stderr),
    };
  } finally {
    clearTimeout(deadline);
  }
}

/** True when `command` can be started and ends with exit code 0 within `deadlineMs`. */
export async function succeeds(command: readonly string[], deadlineMs: number): Promise<boolean> {
  try {
    return (await runForResult(command, { deadlineMs })).code === 0;
  } catch {
    return false;
  }
}

async function writeInput(child: Deno.ChildProcess, input: string | undefined): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    if (input !== undefined) await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch (error) {
    // A program may end before it has read everything; its exit code tells what that means.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** True when `name` is a file in a directory of PATH. */
export async function commandExists(name: string): Promise<boolean> {
  const directories = (Deno.env.get("PATH") ?? "").split(":").filter((part) => part !== "");
  for (const directory of directories) {
    try {
      if ((await Deno.stat(`${directory}/${name}`)).isFile) return true;
    } catch {
      // Not in this directory.
    }
  }
  return false;
}
