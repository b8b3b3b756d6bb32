import assert from "node:assert/strict";
import { runContained } from "../../../tools/process_group.ts";
import { eventually } from "../../support/eventually.ts";

/** Starts a process that would go on for long, and tells its id and where it may put files. */
const PROGRAM = `
  const { pid } = new Deno.Command("sleep", { args: ["600"] }).spawn();
  await Deno.writeTextFile(Deno.args[0], JSON.stringify({ pid, files: await Deno.makeTempDir() }));
  if (Deno.args[1] === "wait") await new Promise((resolve) => setTimeout(resolve, 600_000));
  Deno.exit(7);
`;

for (const how of ["wait", "end"]) {
  Deno.test(`runContained() ends what the program started: ${how}`, async () => {
    const directory = await Deno.makeTempDir();
    const [program, facts] = [`${directory}/program.ts`, `${directory}/facts`];
    await Deno.writeTextFile(program, PROGRAM);
    const stop = new AbortController();
    const running = runContained([program, facts, how], { stop: stop.signal });
    await eventually("it has started something", () => exists(facts), { withinMs: 30_000 });
    const { pid, files } = JSON.parse(await Deno.readTextFile(facts));
    if (how === "wait") stop.abort();
    const { code } = await running;
    assert.equal(code, how === "wait" ? 137 : 7);
    // Whoever inherits it may take a moment to see that it has ended.
    await eventually("it is gone", () => isGone(pid), { withinMs: 10_000 });
    assert.equal(await exists(files), false);
    await Deno.remove(directory, { recursive: true });
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)) !== null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Also when only its exit code is left. */
async function isGone(pid: number): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
    .output();
  const state = new TextDecoder().decode(stdout).trim();
  return state === "" || state.startsWith("Z");
}
