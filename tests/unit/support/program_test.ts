import assert from "node:assert/strict";
import { Program, type ProgramOptions } from "../../support/program.ts";

const DEADLINE_MS = 20_000;

function script(source: string, options: ProgramOptions = {}): Promise<Program> {
  return Program.start({ ...options, command: [Deno.execPath(), "eval", source] });
}

Deno.test("Program collects lines of both streams and the exit code", async () => {
  await using program = await script(`
    console.log("out"); console.error("err"); await Deno.stdout.write(new TextEncoder().encode("rest"));
    Deno.exit(7);
  `);
  assert.deepEqual(await program.waitForExit(DEADLINE_MS), { code: 7, signal: null });
  assert.deepEqual(program.stdout, ["out", "rest"]);
  assert.deepEqual(program.stderr, ["err"]);
});

Deno.test("Program.waitForLine() answers a line that comes later, and passes the signal on", async () => {
  await using program = await script(`
    Deno.addSignalListener("SIGTERM", () => Deno.exit(3));
    setTimeout(() => console.log("ready on 4711"), 20);
    setInterval(() => {}, 1000);
  `);
  const line = await program.waitForLine(/ready on \d+/, { withinMs: DEADLINE_MS });
  assert.equal(line, "ready on 4711");
  assert.deepEqual(await program.stop(DEADLINE_MS), { code: 3, signal: null });
});

Deno.test("Program.waitForLine() fails at the program's end and shows what it wrote", async () => {
  await using program = await script(`console.error("port taken"); Deno.exit(78);`);
  const waiting = program.waitForLine("ready", { withinMs: DEADLINE_MS });
  await assert.rejects(
    waiting,
    /Ended without a line with ready[\s\S]*78[\s\S]*stderr: port taken/,
  );
});

Deno.test("Program.waitForExit() fails at its deadline", async () => {
  await using program = await script(`setInterval(() => {}, 1000);`);
  await assert.rejects(program.waitForExit(5), /Not settled within 5 ms[\s\S]*still running/);
});

Deno.test("Program hands on no variable that a test did not give", async () => {
  Deno.env.set("PROGRAM_TEST_LEAK", "1");
  try {
    const source = `console.log(Object.keys(Deno.env.toObject()).sort().join(" "))`;
    await using program = await script(source, { env: { MAX_RETRIES: "0" } });
    await program.waitForExit(DEADLINE_MS);
    assert.match(program.stdout[0] ?? "", /MAX_RETRIES/);
    assert.doesNotMatch(program.stdout[0] ?? "", /PROGRAM_TEST_LEAK|RUST_BACKTRACE/);
  } finally {
    Deno.env.delete("PROGRAM_TEST_LEAK");
  }
});
