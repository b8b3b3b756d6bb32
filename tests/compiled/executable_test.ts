/** The executable as a file: what it says of itself, what it holds, that it can be made again. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/embedded_kafka.ts";
import { CONSOLE_FILES } from "../../src/console/files.ts";
import { sha256 } from "../../tools/compile/sums.ts";
import { runForResult } from "../support/command.ts";
import { compiledTest, EXECUTABLE } from "../support/compiled.ts";
import { type Compiler, COMPILER_VARIABLE, compileWith } from "../support/compiler.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_ports.ts";
import { readStatus } from "../support/operator.ts";
import { startService, untilServing } from "../support/service.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const SOURCES = ["deno.json", "deno.lock", "main.ts", "src", "tools"];
const DEADLINE_MS = 60_000;
const VERSION = /^\d+\.\d+\.\d+ \(commit ([0-9a-f]{40}(?:-dirty)?|unknown)\)$/;

const compiler: Compiler | null = JSON.parse(Deno.env.get(COMPILER_VARIABLE) ?? "null");
const compilerMissing = compiler === null ? "the executable was given" : null;
const hasRuntime = Deno.env.get("DENORT_BIN") ? "DENORT_BIN is set" : null;

compiledTest("the executable says version and commit", null, async () => {
  assert.match(await version(), VERSION);
});

compiledTest("the executable serves the console page, all of it from inside", null, async () => {
  const bootstrap = `127.0.0.1:${freePorts(1)[0]}`;
  const settings = { HTTP_PORT: "0", MAX_RETRIES: "100" };
  await using service = await startService({ bootstrap }, { topic: "t", group: "g", settings });
  const url = await untilServing(service);
  for (const [path, { text, contentType }] of CONSOLE_FILES) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.headers.get("content-type"), contentType, path);
    assert.equal(await response.text(), text, path);
  }
  assert.equal((await service.stop()).code, 0);
});

compiledTest(
  "the executable consumes with two workers, whose modules are in it",
  null,
  async () => {
    await using kafka = await EmbeddedKafka.start({ topics: { events: 2 } });
    const settings = { HTTP_PORT: "0", WORKERS: "2" };
    await using service = await startService(kafka, { topic: "events", group: "g", settings });
    const url = await untilServing(service);
    const { workers } = await eventually("both consume", () => readStatus(url), {
      withinMs: DEADLINE_MS,
      until: (status) =>
        status.workers.filter(({ partitions }) => partitions.length === 1).length === 2,
    });
    assert.ok(workers.every(({ isReady }) => isReady));
    assert.equal((await service.stop()).code, 0);
  },
);

compiledTest("another copy of the sources gives the same bytes", compilerMissing, async () => {
  assert.ok(compiler !== null);
  const directory = await Deno.makeTempDir({ prefix: "another-copy-" });
  try {
    for (const source of SOURCES) {
      await runForResult(["cp", "-r", `${ROOT}${source}`, directory], { deadlineMs: DEADLINE_MS });
    }
    const [, commit = ""] = VERSION.exec(await version()) ?? [];
    const output = `${directory}/dist`;
    const args = ["--commit", commit];
    assert.equal(await compileWith(compiler, { root: directory, output, args }), null);
    const [first, second] = [
      await sha256(EXECUTABLE),
      await sha256(`${output}/processing-service`),
    ];
    assert.equal(second, first);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

compiledTest(
  "without a runtime part the compiler says how to give one",
  compilerMissing ?? hasRuntime,
  async () => {
    const directory = await Deno.makeTempDir({ prefix: "no-runtime-" });
    try {
      const { npmCache } = JSON.parse(
        (await runForResult([Deno.execPath(), "info", "--json"], { deadlineMs: DEADLINE_MS }))
          .stdout,
      );
      await Deno.symlink(npmCache, `${directory}/npm`);
      const unreachable = `http://127.0.0.1:${freePorts(1)[0]}`;
      const env = { DENO_DIR: directory, HTTPS_PROXY: unreachable };
      const problem = await compileWith({ description: "", deno: Deno.execPath(), env }, {
        root: ROOT,
        output: `${directory}/dist`,
      });
      assert.match(
        problem ?? "",
        /^Give Deno's runtime part.*cannot be downloaded: denort-.*\.zip\n/,
      );
      assert.match(problem ?? "", /set DENORT_BIN to the path/);
      const wrong = {
        description: "",
        deno: Deno.execPath(),
        env: { ...env, DENORT_BIN: "/none" },
      };
      assert.equal(
        await compileWith(wrong, { root: ROOT, output: `${directory}/dist` }),
        "Correct DENORT_BIN, there is no such file: /none",
      );
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

async function version(): Promise<string> {
  return (await runForResult([EXECUTABLE, "--version"], { deadlineMs: DEADLINE_MS })).stdout.trim();
}
