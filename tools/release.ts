/**
 * `deno task release`: everything of a release in one folder. Executables for all platforms, the one of this platform
 * tested as a whole, what is in them (CycloneDX) and under which licences, notes from CHANGELOG.md, and SHA-256 sums.
 * Nothing is published: .github/workflows/release.yml does that. With `--rehearse` it does the same for this platform
 * only, from whatever is in the work tree, to be thrown away.
 */
import { parseArgs } from "node:util";
import project from "../deno.json" with { type: "json" };
import { compileForTests } from "../tests/support/compiler.ts";
import { run } from "../tests/support/command.ts";
import { compileAll, CompileError, type Executable } from "./compile.ts";
import { writeSums } from "./compile/sums.ts";
import { executableName, ownTarget, TARGETS } from "./compile/targets.ts";
import { packagesInExecutable } from "./release/packages.ts";
import { sbomOf } from "./release/sbom.ts";
import { changesOf, licenses, releaseNotes, UNRELEASED } from "./release/texts.ts";

/** What decides whether there can be a release. */
export interface ReleaseFacts {
  readonly version: string;
  readonly changelog: string;
  /** Files that differ from the commit. */
  readonly changed: readonly string[];
  /** Of the commit. */
  readonly tags: readonly string[];
  /** DENORT_BIN is set. */
  readonly hasOwnRuntime: boolean;
  readonly isTested: boolean;
}

const ROOT = new URL("../", import.meta.url).pathname.replace(/\/$/, "");
const GIT_DEADLINE_MS = 20_000;
const EXIT_FAILURE = 1;
const SBOM_FILE = "processing-service.cdx.json";
const LICENSES_FILE = "licenses.txt";
const NOTES_FILE = "notes.md";

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      rehearse: { type: "boolean", default: false },
      test: { type: "boolean", default: true },
      output: { type: "string", default: "dist/release" },
    },
    allowNegative: true,
  });
  const facts = await releaseFacts();
  const problems = values.rehearse ? [] : releaseProblems({ ...facts, isTested: values.test });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return EXIT_FAILURE;
  await Deno.remove(values.output, { recursive: true }).catch(() => {});
  await Deno.mkdir(values.output, { recursive: true });
  const directory = await Deno.realPath(values.output);
  try {
    const executables = await makeExecutables(directory, values.rehearse);
    if (values.test && !await passes(directory, executables)) return EXIT_FAILURE;
    const heading = values.rehearse ? UNRELEASED : facts.version;
    await describe(directory, { executables, facts, heading });
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    console.error(error.message);
    return EXIT_FAILURE;
  }
  console.log(values.rehearse ? `Rehearsed, not for use: ${directory}` : `Ready: ${directory}`);
  return 0;
}

/** All that stands in the way of a release, one problem a line. */
export function releaseProblems(facts: ReleaseFacts): readonly string[] {
  const { version, changelog, changed, tags, hasOwnRuntime, isTested } = facts;
  const problems: string[] = [];
  if (changed.length > 0) problems.push(`Commit first what is changed: ${changed.join(", ")}`);
  if (!tags.includes(`v${version}`)) {
    problems.push(`Tag the commit with the version in deno.json, v${version}: ${tags.join(", ")}`);
  }
  if (changesOf(changelog, version) === null) {
    problems.push(`Give CHANGELOG.md a section for the version in deno.json: ${version}`);
  }
  if (hasOwnRuntime) {
    problems.push("Unset DENORT_BIN, what is released has the runtime part that Deno itself gets");
  }
  if (!isTested) problems.push("Leave --no-test to rehearsals, what is released is tested");
  return problems;
}

async function releaseFacts(): Promise<Omit<ReleaseFacts, "isTested">> {
  return {
    version: project.version,
    changelog: await Deno.readTextFile(`${ROOT}/CHANGELOG.md`),
    changed: await git("status", "--porcelain"),
    tags: await git("tag", "--points-at", "HEAD"),
    hasOwnRuntime: Boolean(Deno.env.get("DENORT_BIN")),
  };
}

async function makeExecutables(
  directory: string,
  isRehearsal: boolean,
): Promise<readonly Executable[]> {
  if (!isRehearsal) {
    const options = { targets: TARGETS, otel: false, commit: null, check: true };
    return await compileAll({ ...options, outputDirectory: directory });
  }
  const scratch = await Deno.makeTempDir();
  try {
    const compiler = await compileForTests(scratch);
    if (typeof compiler === "string") throw new CompileError(compiler);
    console.log(`Compiled by ${compiler.description}`);
    const name = executableName(null, { otel: false });
    await Deno.copyFile(`${scratch}/${name}`, `${directory}/${name}`);
    return [{ name, version: project.version }];
  } finally {
    await Deno.remove(scratch, { recursive: true });
  }
}

/** Runs the suite of the executable on the one that this machine can run. */
async function passes(directory: string, executables: readonly Executable[]): Promise<boolean> {
  const own = executables.find(({ version }) => version !== null);
  if (own === undefined) {
    console.error(
      `Release from a platform that is released: ${ownTarget()?.name ?? Deno.build.os}`,
    );
    return false;
  }
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "tools/test.ts", "compiled"],
    cwd: ROOT,
    env: { COMPILED: `${directory}/${own.name}`, REQUIRE_EXECUTABLE: "1" },
    stdin: "null",
  });
  return (await command.spawn().status).success;
}

async function describe(
  directory: string,
  { executables, facts, heading }: {
    readonly executables: readonly Executable[];
    readonly facts: Omit<ReleaseFacts, "isTested">;
    /** Of the changes. */
    readonly heading: string;
  },
): Promise<void> {
  const { version, changelog } = facts;
  const [commit = "", seconds = "0"] = await git("log", "-1", "--format=%H%n%ct");
  const packages = await packagesInExecutable(ROOT);
  const time = new Date(Number(seconds) * 1000);
  const denoVersion = Deno.version.deno;
  const sbom = await sbomOf({ version, commit, time, denoVersion, packages });
  const changes = changesOf(changelog, heading) ?? "";
  const files: Readonly<Record<string, string>> = {
    [SBOM_FILE]: `${JSON.stringify(sbom, null, 2)}\n`,
    [LICENSES_FILE]: licenses(packages),
    [NOTES_FILE]: releaseNotes(changes, { executables, commit }),
  };
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${directory}/${name}`, text);
  }
  await writeSums(directory, [...executables.map(({ name }) => name), SBOM_FILE, LICENSES_FILE]);
}

/** The lines that git prints. */
async function git(...args: readonly string[]): Promise<readonly string[]> {
  const text = await run(["git", ...args], { cwd: ROOT, deadlineMs: GIT_DEADLINE_MS });
  return text.split("\n").filter((line) => line !== "");
}
