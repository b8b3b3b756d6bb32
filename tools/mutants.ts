/**
 * `deno task mutants`: takes each guard of tools/mutations.ts out of a copy of the tree and expects its tests to fail.
 * The control comes first: as the tree stands, each of these tests runs and passes. Exit 1 when a guard is not missed.
 */
import { type Mutation, MUTATIONS, type NamedTest } from "./mutations.ts";

/** What the tests need of the tree, beside their own files. */
const COPIED = [
  ...["deno.json", "deno.lock", "main.ts", "src", "tools/permissions.txt"],
  ...["tests/fuzz", "tests/support", "tests/unit"],
];
/** A mutant that hangs its test is found, too, but its test should say what is wrong. */
const TEST_DEADLINE_MS = 60_000;

if (import.meta.main) Deno.exit(await main());

async function main(): Promise<number> {
  const startedAt = performance.now();
  const root = await Deno.makeTempDir({ prefix: "processing-service-mutants-" });
  let problems = 0;
  try {
    const files = MUTATIONS.flatMap(({ tests }) => tests.map(({ file }) => file));
    for (const path of new Set([...COPIED, ...files])) await copy(path, `${root}/${path}`);
    problems += await control(root);
    for (const mutation of MUTATIONS) problems += await tryMutation(mutation, root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n${MUTATIONS.length} guards taken out in ${seconds} s, ${problems} problems`);
  return problems === 0 ? 0 : 1;
}

/** As the tree stands, each test runs and passes. Answers how many do not. */
async function control(root: string): Promise<number> {
  const tests = new Map(MUTATIONS.flatMap(({ tests }) => tests).map((test) => [test.name, test]));
  let problems = 0;
  for (const test of tests.values()) {
    const result = await run(test, root);
    if (result === "passed") continue;
    problems += 1;
    console.log(`CONTROL  ${result}: "${test.name}" of ${test.file}`);
  }
  console.log(`control  ${tests.size - problems} of ${tests.size} tests pass with every guard in`);
  return problems;
}

/** Answers how many tests did not miss the guard. */
async function tryMutation(mutation: Mutation, root: string): Promise<number> {
  const path = `${root}/${mutation.file}`;
  const original = await Deno.readTextFile(path);
  if (original.split(mutation.from).length !== 2) {
    console.log(`STALE    ${mutation.guard}: what to take out is not in ${mutation.file} once`);
    return 1;
  }
  await Deno.writeTextFile(path, original.replace(mutation.from, () => mutation.to));
  let problems = 0;
  console.log(`\nwithout  ${mutation.guard} (${mutation.file})`);
  for (const test of mutation.tests) {
    const result = await run(test, root);
    if (result !== "failed") problems += 1;
    console.log(result === "failed" ? `fails    ${test.name}` : `MISSED   ${test.name}: ${result}`);
  }
  await Deno.writeTextFile(path, original);
  return problems;
}

/** Runs one test by its name, types unchecked: a mutant need not have any. */
async function run(
  { file, name }: NamedTest,
  root: string,
): Promise<"passed" | "failed" | "not run" | "hangs"> {
  const end = AbortSignal.timeout(TEST_DEADLINE_MS);
  const { stdout, code } = await new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", "--filter", `/^${escaped(name)}$/`, file],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stderr: "piped",
    signal: end,
  }).output();
  if (end.aborted) return "hangs";
  const output = new TextDecoder().decode(stdout);
  if (output.includes(`${name} ... FAILED`)) return "failed";
  return code === 0 && output.includes("1 passed") ? "passed" : "not run";
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

async function copy(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) {
    await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
    return await Deno.copyFile(from, to);
  }
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) await copy(`${from}/${name}`, `${to}/${name}`);
}
