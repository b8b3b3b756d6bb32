/** `doctor` as a user runs it, with the permissions of the program and no Kafka. */
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { freePorts } from "../support/free_ports.ts";
import { Program, startPermissions } from "../support/program.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const [NOBODY = 0] = freePorts(1);
/** Two deadlines of 3 s, one after the other at most, and the start of a process on a busy machine. */
const FEW_SECONDS_MS = 12_000;

async function doctor(
  env: Readonly<Record<string, string>>,
  options: { readonly args?: readonly string[]; readonly command?: readonly string[] } = {},
): Promise<{ readonly code: number; readonly text: string; readonly stderr: readonly string[] }> {
  const { args = [], command } = options;
  await using program = await Program.start({
    ...(command === undefined ? {} : { command }),
    args: ["doctor", ...args],
    env: { HTTP_PORT: "off", ...env },
  });
  const { code } = await program.waitForExit();
  return { code, text: program.stdout.join("\n"), stderr: program.stderr };
}

Deno.test("doctor without a Kafka says so, with the fix, and exits with 69", async () => {
  const { code, text, stderr } = await doctor({ KAFKA_BROKERS: `127.0.0.1:${NOBODY}` });
  assert.equal(code, 69);
  assert.deepEqual(stderr, []);
  assert.match(text, /failed +127\.0\.0\.1:\d+ +Nothing listens on .*\[connection_refused\]/);
  assert.match(text, /fix: Check that Kafka runs/);
  assert.match(text, / {2}\$ nc -vz 127\.0\.0\.1 \d+\n/);
  assert.match(text, /exit code 69$/);
  assert.ok(!text.includes("\x1b"), "no colours, this is no terminal");
});

Deno.test("doctor with settings that cannot work names all of them and exits with 78", async () => {
  const { code, text } = await doctor({ KAFKA_TOPICS: "events", MAX_RETRIES: "many" });
  assert.equal(code, 78);
  assert.match(text, /KAFKA_TOPICS: unknown, did you mean KAFKA_TOPIC\?/);
  assert.match(text, /MAX_RETRIES: expected an integer/);
});

Deno.test("doctor ends in a few seconds where several brokers take connections and never answer", async () => {
  const server = net.createServer(() => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  try {
    const brokers = ["127.0.0.1", "localhost", "127.0.0.2"].map((host) => `${host}:${port}`);
    const { code, text } = await doctor({ KAFKA_BROKERS: brokers.join(",") }, { args: ["--json"] });
    assert.equal(code, 69);
    const report = JSON.parse(text);
    assert.ok(report.took_ms < FEW_SECONDS_MS, String(report.took_ms));
    const findings = report.checks.map((check: { finding: string }) => check.finding);
    assert.ok(findings.includes("silent"), text);
  } finally {
    server.close();
  }
});

Deno.test("doctor says which address Deno does not permit", async () => {
  const permissions = (await startPermissions()).map((flag) =>
    flag === "--allow-net" ? "--allow-net=127.0.0.1:1" : flag
  );
  const { code, text } = await doctor({ KAFKA_BROKERS: `127.0.0.1:${NOBODY}` }, {
    command: [Deno.execPath(), "run", ...permissions, MAIN],
  });
  assert.equal(code, 78);
  assert.match(text, /\[permission_missing\]/);
});

Deno.test({
  name: "doctor says that too few files may be open",
  ignore: Deno.build.os === "windows",
  async fn() {
    const permissions = await startPermissions();
    const { code, text } = await doctor({ KAFKA_BROKERS: `127.0.0.1:${NOBODY}` }, {
      command: ["sh", "-c", 'ulimit -n 64 && exec "$@"', "sh", Deno.execPath(), "run"]
        .concat(permissions, MAIN),
    });
    assert.equal(code, 78);
    assert.match(text, /Only \d+ of 72 can be opened.*\[files_limit\]/s);
  },
});
