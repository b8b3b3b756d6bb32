import assert from "node:assert/strict";
import { compileArguments, missingRuntime } from "../../../tools/compile.ts";
import { sha256, SUMS_FILE, writeSums } from "../../../tools/compile/sums.ts";
import { executableName, targetNamed, TARGETS } from "../../../tools/compile/targets.ts";
import { startPermissions } from "../../support/program.ts";

/** As Deno 2.9.6 says it where its downloads cannot be reached. */
const NOT_DOWNLOADED = `error: Writing deno compile executable to temporary file '/x/y.tmp-6431'

Caused by:
    0: Setting up base binary.
    1: error sending request for url (https://dl.deno.land/release/v2.9.6/denort-aarch64-apple-darwin.zip): client error
    2: client error (Connect)
`;

Deno.test("TARGETS are Linux and macOS on both architectures, and Windows", () => {
  const names = TARGETS.map((target) => executableName(target, { otel: false }));
  assert.deepEqual(names, [
    "processing-service-linux-x64",
    "processing-service-linux-arm64",
    "processing-service-macos-x64",
    "processing-service-macos-arm64",
    "processing-service-windows-x64.exe",
  ]);
  assert.equal(executableName(null, { otel: true }).startsWith("processing-service-otel"), true);
  assert.equal(targetNamed("x86_64-apple-darwin").name, "macos-x64");
  assert.throws(() => targetNamed("linux"), /^Error: Choose one of linux-x64, .*: linux$/);
});

Deno.test("compileArguments() bakes the permissions of permissions.txt in, and no values of variables", async () => {
  const args = await compileArguments(targetNamed("linux-arm64"), "/out/file");
  for (const flag of await startPermissions()) {
    const inside = flag.replace("=.env,src,", "=.env,"); // workers' modules, which are in it
    assert.ok(args.includes(inside), flag);
  }
  const permissions = args.filter((each) => each.startsWith("--allow"));
  assert.equal(permissions.length, 3);
  assert.ok(args.includes("--no-prompt") && args.includes("--ignore-env"));
  assert.ok(!args.some((each) => each.startsWith("--env-file")));
  assert.deepEqual(args.slice(-5), [
    "--target",
    "aarch64-unknown-linux-gnu",
    "--output",
    "/out/file",
    "main.ts",
  ]);
});

Deno.test("missingRuntime() says how to give the runtime part that cannot be downloaded", () => {
  const text = missingRuntime(NOT_DOWNLOADED) ?? "";
  assert.match(text, /denort-aarch64-apple-darwin\.zip/);
  assert.match(text, /set DENORT_BIN/);
  assert.match(text, new RegExp(`dl/release/v${Deno.version.deno}`));
  const wrong = missingRuntime("Caused by:\n    0: Could not find denort at '/opt/denort'\n");
  assert.equal(wrong, "Correct DENORT_BIN, there is no such file: /opt/denort");
  assert.equal(missingRuntime("error: Module not found"), null);
});

Deno.test("writeSums() writes what sha256sum reads, by name", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${directory}/b`, "");
    await Deno.writeTextFile(`${directory}/a`, "abc");
    await writeSums(directory, ["b", "a"]);
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const text = await Deno.readTextFile(`${directory}/${SUMS_FILE}`);
    assert.equal(text, `${abc}  a\n${empty}  b\n`);
    assert.equal(await sha256(`${directory}/a`), abc);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
