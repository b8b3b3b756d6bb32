/** What probes are told from the start to the end, over HTTP and by the healthcheck command. */
import assert from "node:assert/strict";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_ports.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Program } from "../support/program.ts";
import { Recording } from "../support/recording.ts";
import { startService, untilServing } from "../support/service.ts";

const DEADLINE_MS = 20_000;
const SLOW_MS = 1_500;

Deno.test("while it connects it is alive, neither ready nor started, and says why", async () => {
  const [kafkaPort, httpPort] = freePorts(2);
  const settings = { HTTP_PORT: String(httpPort), MAX_RETRIES: "100", RETRY_DELAY: "60" };
  const bootstrap = `127.0.0.1:${kafkaPort}`;
  await using service = await startService({ bootstrap }, {
    topic: "events",
    group: "group",
    settings,
  });
  const url = await untilServing(service);
  assert.equal(url, `http://127.0.0.1:${httpPort}`);
  assert.deepEqual(await get(`${url}/livez`), { status: 200, text: "ok\n" });
  for (const path of ["/readyz", "/startupz"]) {
    const { status, text } = await get(`${url}${path}`);
    assert.equal(status, 503);
    assert.match(text, /^not ok: phase: (starting|connecting)/);
  }
  assert.equal(await healthcheck(settings), 0);
  assert.equal(await healthcheck(settings, ["--ready"]), 1);
  assert.equal((await service.stop()).code, 0);
  assert.equal(await healthcheck(settings), 1);
});

kafkaTest(
  "it is ready while it consumes, and not while it drains, when it is still alive",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const [event] = events({ seed: 1, count: 1 });
    const settings = { HTTP_PORT: String(freePorts(1)[0]) };
    await using recording = await Recording.start();
    await using service = await recording.startService(kafka, {
      topic,
      group: kafka.unique("group"),
      settings,
      plan: { minMs: SLOW_MS, maxMs: SLOW_MS },
    });
    const url = await untilServing(service);
    await eventually("ready", async () => (await get(`${url}/readyz`)).status === 200, {
      withinMs: DEADLINE_MS,
    });
    assert.equal((await get(`${url}/startupz`)).status, 200);
    assert.equal(await healthcheck(settings, ["--ready"]), 0);
    const status = JSON.parse((await get(`${url}/status`)).text);
    assert.equal(status.phase, "running");
    assert.equal(status.offsetsAreCommitted, true);

    await kafka.produce(topic, [{ value: event?.value ?? null }]);
    await recording.untilStarted(1, { withinMs: DEADLINE_MS });
    service.signal("SIGTERM");
    await service.waitForLine("Stopping Processing Service");
    assert.match((await get(`${url}/readyz`)).text, /^not ok: phase: draining/);
    assert.equal((await get(`${url}/livez`)).status, 200);
    assert.equal((await get(`${url}/startupz`)).status, 200);
    assert.equal((await service.waitForExit()).code, 0);
    await assert.rejects(get(`${url}/livez`));
  },
);

kafkaTest(
  "without commits it is ready, and the status says that offsets are not committed",
  { topics: { events: 1 } },
  async (kafka) => {
    const settings = { HTTP_PORT: "0", ENABLE_AUTO_COMMIT: "false" };
    const group = kafka.unique("group");
    await using service = await startService(kafka, {
      topic: kafka.topics.events,
      group,
      settings,
    });
    const url = await untilServing(service);
    await eventually("ready", async () => (await get(`${url}/readyz`)).status === 200, {
      withinMs: DEADLINE_MS,
    });
    const { offsetsAreCommitted } = JSON.parse((await get(`${url}/status`)).text);
    assert.equal(offsetsAreCommitted, false);
    assert.equal((await service.stop()).code, 0);
  },
);

async function get(url: string): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

/** The exit code of the command, run beside the service. */
async function healthcheck(
  settings: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<number> {
  await using program = await Program.start({ args: ["healthcheck", ...flags], env: settings });
  return (await program.waitForExit()).code;
}
