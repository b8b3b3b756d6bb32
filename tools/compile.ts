/**
 * `deno task compile`: the service as one executable, with the permissions of tools/permissions.txt and its commit in
 * it. The same sources and the same Deno give the same bytes, on whatever machine: see compile/stage.ts.
 */
import { parseArgs } from "node:util";
import { COMMIT_FILE, type Stage, stage } from "./compile/stage.ts";
import { SUMS_FILE, writeSums } from "./compile/sums.ts";
import { executableName, ownTarget, type Target, targetNamed, TARGETS } from "./compile/targets.ts";

/** What to compile. */
export interface CompileOptions {
  /** Null: this platform, and the file's name says none. */
  readonly targets: readonly Target[] | null;
  /** With OpenTelemetry on, which cannot be chosen later. */
  readonly otel: boolean;
  readonly outputDirectory: string;
  /** Null: that of the work tree. */
  readonly commit: string | null;
  /** Types are checked before. */
  readonly check: boolean;
}

/** An executable that was made. */
export interface Executable {
  readonly name: string;
  /** What it says of itself as `--version`; null where it was built only, as it is for another platform. */
  readonly version: string | null;
}

/** What can be helped by whoever compiles. */
export class CompileError extends Error {
  override readonly name = "CompileError";
}

const ROOT = new URL("../", import.meta.url).pathname.replace(/\/$/, "");
const EXIT_FAILURE = 1;
const EXIT_USAGE = 64;
/** No import leads to what a thread is started with. */
const WORKER_MODULE = "src/workers/thread.ts";
const UNKNOWN_COMMIT = "unknown";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  let options: CompileOptions;
  try {
    options = parse(Deno.args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return EXIT_USAGE;
  }
  try {
    for (const { name, version } of await compileAll(options)) {
      console.log(`${options.outputDirectory}/${name}: ${version ?? "built only, not run"}`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(error.message);
    return EXIT_FAILURE;
  }
}

function parse(args: readonly string[]): CompileOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      all: { type: "boolean", default: false },
      target: { type: "string", multiple: true, default: [] },
      otel: { type: "boolean", default: false },
      output: { type: "string", default: "dist" },
      commit: { type: "string" },
      check: { type: "boolean", default: true },
    },
    allowNegative: true,
  });
  const named = values.target.map(targetNamed);
  const targets = values.all ? TARGETS : named.length > 0 ? named : null;
  const { otel, output: outputDirectory, commit, check } = values;
  return { targets, otel, outputDirectory, commit: commit ?? null, check };
}

/**
 * Compiles for all targets, and writes SHA256SUMS where they are named. What this machine can run has said its version.
 *
 * @throws CompileError
 */
export async function compileAll(options: CompileOptions): Promise<readonly Executable[]> {
  const { targets, outputDirectory, check } = options;
  if (targets !== null && targets.length > 1 && Deno.env.get("DENORT_BIN")) {
    throw new CompileError("Unset DENORT_BIN: it is the runtime part of one platform only");
  }
  if (check) {
    const { code, stderr } = await deno(["check", "--quiet", "main.ts"], { cwd: ROOT });
    if (code !== 0) throw new CompileError(`Correct the types first:\n${stderr}`);
  }
  const commit = options.commit ?? await commitOfWorkTree();
  await using staged = await stage(ROOT, commit);
  await Deno.mkdir(outputDirectory, { recursive: true });
  const directory = await Deno.realPath(outputDirectory);
  const executables: Executable[] = [];
  for (const target of targets ?? [null]) {
    executables.push(await compile(staged, { target, directory, commit, otel: options.otel }));
  }
  if (targets !== null) await writeSums(directory, executables.map(({ name }) => name));
  else await Deno.remove(`${directory}/${SUMS_FILE}`).catch(() => {});
  return executables;
}

interface OneExecutable {
  readonly target: Target | null;
  readonly directory: string;
  readonly commit: string;
  readonly otel: boolean;
}

async function compile(
  staged: Stage,
  { target, directory, commit, otel }: OneExecutable,
): Promise<Executable> {
  const name = executableName(target, { otel });
  const { code, stderr } = await deno(await compileArguments(target, `${directory}/${name}`), {
    cwd: staged.directory,
    env: { DENO_DIR: staged.denoDirectory, OTEL_DENO: String(otel) },
  });
  if (code !== 0) {
    throw new CompileError(missingRuntime(stderr) ?? `Cannot compile ${name}:\n${stderr}`);
  }
  if (target !== null && target !== ownTarget()) return { name, version: null };
  const version = await versionOf(`${directory}/${name}`);
  if (!version.includes(commit)) {
    throw new CompileError(
      `Compile with a runtime part of Deno ${Deno.version.deno}, ${name} does not start: ${version}`,
    );
  }
  return { name, version };
}

/** What is said to `deno`, in the folder of a stage. */
export async function compileArguments(
  target: Target | null,
  output: string,
): Promise<readonly string[]> {
  const permissions = await Deno.readTextFile(`${ROOT}/tools/permissions.txt`);
  return [
    ...["compile", "--quiet", "--frozen", "--no-check"],
    ...permissions.split("\n").filter((line) => line !== "").map(withoutSources),
    ...[
      "--exclude-unused-npm",
      "--no-code-cache",
      "--include",
      COMMIT_FILE,
      "--include",
      WORKER_MODULE,
    ],
    ...(target === null ? [] : ["--target", target.triple]),
    ...["--output", output, "main.ts"],
  ];
}

/** Workers read their modules; in an executable they are inside. */
function withoutSources(flag: string): string {
  return flag.startsWith("--allow-read=") ? flag.replace(",src,", ",") : flag;
}

/** What to do where Deno could not get the other half of an executable; null when that is not the matter. */
export function missingRuntime(stderr: string): string | null {
  const [, denort] = /Could not find denort at '(.*)'/.exec(stderr) ?? [];
  if (denort !== undefined) return `Correct DENORT_BIN, there is no such file: ${denort}`;
  const [, file] = /url \(\S*\/(denort-[\w-]+\.zip)\)/.exec(stderr) ?? [];
  if (file === undefined) return null;
  const version = Deno.version.deno;
  return [
    `Give Deno's runtime part for this platform, it cannot be downloaded: ${file}`,
    `It is part of each release of Deno; it must be that of ${version}. Either unpack it and set DENORT_BIN to the path of denort,`,
    `or put the file as it is into dl/release/v${version} of Deno's cache (\`deno info\` says where DENO_DIR is)`,
  ].join("\n");
}

async function versionOf(path: string): Promise<string> {
  const command = new Deno.Command(path, { args: ["--version"], stdin: "null", clearEnv: true });
  const { stdout, stderr } = await command.output();
  return new TextDecoder().decode(stdout.length > 0 ? stdout : stderr).trim();
}

/** With a `-dirty` behind it when what is compiled is not what was committed. */
async function commitOfWorkTree(): Promise<string> {
  const head = await git(["rev-parse", "HEAD"]);
  const changes = await git(["status", "--porcelain", "--", "main.ts", "src", "deno.json"]);
  if (head === null || changes === null) return UNKNOWN_COMMIT;
  return changes === "" ? head : `${head}-dirty`;
}

async function git(args: readonly string[]): Promise<string | null> {
  try {
    const command = new Deno.Command("git", { args: [...args], cwd: ROOT, stdin: "null" });
    const { success, stdout } = await command.output();
    return success ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null; // there is no git
  }
}

/** Runs Deno. Answers what it complains of. */
async function deno(
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly stderr: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: [...args], stdin: "null", ...options });
  const { code, stderr } = await command.output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}
