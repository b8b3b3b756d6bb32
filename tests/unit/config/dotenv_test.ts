import assert from "node:assert/strict";
import { DotenvError, parseDotenv } from "../../../src/config/dotenv.ts";

Deno.test("parseDotenv() reads plain, quoted and exported values", () => {
  const content = [
    "\ufeffA=1",
    "export B = two words ",
    "C='single $HOME \\n # kept'",
    'D="a\\nb \\"quoted\\" \\\\ $HOME # kept" # comment',
    "E=",
    "F=#only a comment",
    "G=value # comment",
    "H=pa#ss",
    "  # a comment",
    "",
    "A=2",
  ].join("\r\n");
  assert.deepEqual({ ...parseDotenv(content) }, {
    A: "2",
    B: "two words",
    C: "single $HOME \\n # kept",
    D: 'a\nb "quoted" \\ $HOME # kept',
    E: "",
    F: "",
    G: "value",
    H: "pa#ss",
  });
});

Deno.test("parseDotenv() names every line that it cannot read, without its value", () => {
  const content = 'A=1\nhunter2\nB=\'hunter2\nC="hunter2" hunter2\n1D=x\n';
  assert.throws(() => parseDotenv(content), (error) => {
    assert.ok(error instanceof DotenvError);
    assert.deepEqual(error.problems, [
      "line 2: expected NAME=value",
      "line 3: expected the closing quote at the end of the line",
      "line 4: expected the closing quote at the end of the line",
      "line 5: expected NAME=value",
    ]);
    assert.ok(!error.message.includes("hunter2"));
    return true;
  });
});

Deno.test("parseDotenv() reads a value with very many blanks in it at once", () => {
  const value = `a${" ".repeat(200_000)}b`;
  const startedAt = performance.now();
  assert.deepEqual(parseDotenv(`A=${value} # comment`), { A: value });
  assert.ok(performance.now() - startedAt < 5_000);
});
