/** Commands whose output cannot be written say so, and end with a code of their own. */
import assert from "node:assert/strict";
import { freePorts } from "../support/free_ports.ts";
import { Program, programCommand } from "../support/program.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const COMMANDS: readonly (readonly string[])[] = [
  ["--help"],
  ["config"],
  ["doctor", "--json", "--http-port", "off"],
];
const isLinux = Deno.build.os === "linux";

testIfPossible(
  "a command whose standard output is full says so, and ends with 74",
  isLinux ? null : "no /dev/full",
  async () => {
    for (const args of COMMANDS) {
      await using program = await start('exec "$@" > /dev/full', args);
      const { code } = await program.waitForExit();
      const text = program.stderr.join("\n");
      assert.equal(code, 74, text);
      assert.match(text, /^Make room for standard output .*: No space left on device/, args[0]);
    }
  },
);

testIfPossible(
  "a command whose output nobody reads says so, and ends with 74",
  isLinux ? null : "no POSIX shell",
  async () => {
    await using program = await start('{ "$@"; echo "code $?" >&2; } | :', ["config"]);
    await program.waitForExit();
    assert.match(program.stderr.join("\n"), /^Read standard output to its end.*\ncode 74$/);
  },
);

/** By a shell, which is given the program as its arguments. */
async function start(script: string, args: readonly string[]): Promise<Program> {
  const [port = 0] = freePorts(1);
  return await Program.start({
    command: ["sh", "-c", script, "sh", ...await programCommand()],
    args,
    env: { KAFKA_BROKERS: `127.0.0.1:${port}` },
  });
}
