import assert from "node:assert/strict";
import {
  checkCodecs,
  checkHttpPort,
  checkOpenFiles,
  checkSettings,
} from "../../../src/doctor/machine.ts";
import { examinationWith } from "../../support/examination.ts";

const { verdicts } = examinationWith();
const HOST = "127.0.0.1";

async function portTakenBy(handler: (path: string) => Response) {
  const server = Deno.serve(
    { hostname: HOST, port: 0, onListen() {} },
    (request) => handler(new URL(request.url).pathname),
  );
  try {
    const [result] = await checkHttpPort({ httpHost: HOST, httpPort: server.addr.port }, verdicts);
    return result?.finding;
  } finally {
    await server.shutdown();
  }
}

Deno.test("checkHttpPort() is content with a free port, any port, and none", async () => {
  for (const httpPort of [0, null]) {
    const [result] = await checkHttpPort({ httpHost: HOST, httpPort }, verdicts);
    assert.equal(result?.status, "ok");
  }
});

Deno.test("checkHttpPort() tells a service of ours from another program", async () => {
  const ours = (path: string) =>
    path === "/version" ? Response.json({ version: "1.2.3" }) : new Response("ok\n");
  assert.equal(await portTakenBy(ours), "http_port_own");
  assert.equal(await portTakenBy(() => new Response("hello")), "http_port_taken");
});

Deno.test("checkHttpPort() names an address that is not this machine's", async () => {
  const [result] = await checkHttpPort({ httpHost: "192.0.2.1", httpPort: 0 }, verdicts);
  assert.equal(result?.finding, "http_address_refused");
});

Deno.test("checkOpenFiles() counts more for more brokers, and leaves nothing open", () => {
  const needed = (brokers: number) =>
    Number(/\d+/.exec(checkOpenFiles(verdicts, brokers)[0]?.detail ?? "")?.[0]);
  assert.ok(needed(3) > needed(1));
});

Deno.test("checkCodecs() reads a known block with every codec", async () => {
  assert.deepEqual((await checkCodecs(verdicts)).map(({ status }) => status), ["ok"]);
});

Deno.test("checkSettings() warns of variables that nobody reads, and of offsets that are not committed", () => {
  const findings = (env: Readonly<Record<string, string>>, unknown: readonly string[]) =>
    checkSettings(examinationWith(env), { rows: [], unknown }).map(({ finding }) => finding);
  assert.deepEqual(findings({}, []), [null]);
  assert.deepEqual(findings({ ENABLE_AUTO_COMMIT: "false" }, ["KAFKA_MAGIC"]), [
    "settings_unknown",
    "offsets_not_committed",
  ]);
});
