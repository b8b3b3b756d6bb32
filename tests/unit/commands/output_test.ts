import assert from "node:assert/strict";
import { ExitError } from "../../../src/commands/command.ts";
import { errorPrinterTo, printerTo } from "../../../src/commands/output.ts";

/** Takes a few bytes at a time, so many in all. */
function outputFor(room: number, error: Error = new Error("No space left on device")) {
  const taken: number[] = [];
  return {
    text: () => new TextDecoder().decode(Uint8Array.from(taken)),
    writeSync(bytes: Uint8Array): number {
      if (taken.length >= room) throw error;
      const some = bytes.subarray(0, Math.min(3, room - taken.length));
      taken.push(...some);
      return some.length;
    },
  };
}

Deno.test("printerTo() prints every byte, however few are taken at a time", () => {
  const output = outputFor(1_000);
  const print = printerTo(output);
  print("größer");
  print("second");
  assert.equal(output.text(), "größer\nsecond\n");
});

Deno.test("printerTo() says what is the matter with 74 where not all can be written", () => {
  const cases = [
    {
      error: new Error("No space left on device"),
      text: /^Make room .*: No space left on device$/,
    },
    { error: new Deno.errors.BrokenPipe("Broken pipe"), text: /^Read .*: Broken pipe$/ },
  ];
  for (const { error, text } of cases) {
    assert.throws(() => printerTo(outputFor(4, error))("too long"), (thrown) => {
      assert.ok(thrown instanceof ExitError);
      assert.equal(thrown.exitCode, 74);
      assert.match(thrown.message, text);
      return true;
    });
  }
});

Deno.test("errorPrinterTo() leaves it at what could be written", () => {
  const output = outputFor(4);
  errorPrinterTo(output)("too long");
  assert.equal(output.text(), "too ");
});
