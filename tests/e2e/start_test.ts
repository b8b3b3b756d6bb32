/** Starts that cannot succeed end in time, with the exit code that says why and a text that says what to do. */
import assert from "node:assert/strict";
import { READABLE_FOLDERS } from "../../src/config/secret.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_ports.ts";
import { kafkaTest } from "../support/kafka.ts";
import { Program } from "../support/program.ts";
import { complaints, logLines, startService, untilJoined } from "../support/service.ts";

const GIVEN = { topic: "events", group: "group" };
/** A signal must not have to wait for a connection, a retry or a deadline. */
const SOON_MS = 3_000;

/** What others are known to set beside the service. */
const FOREIGN = {
  KAFKA_SERVICE_HOST: "10.0.0.1",
  KAFKA_SERVICE_PORT: "9092",
  KAFKA_SERVICE_PORT_CLIENT: "9092",
  KAFKA_PORT: "tcp://10.0.0.1:9092",
  KAFKA_PORT_9092_TCP: "tcp://10.0.0.1:9092",
  KAFKA_PORT_9092_TCP_ADDR: "10.0.0.1",
  KAFKA_PORT_9092_TCP_PORT: "9092",
  KAFKA_PORT_9092_TCP_PROTO: "tcp",
  KAFKA_HOME: "/opt/kafka",
  KAFKA_OPTS: "-Xmx1g",
  KAFKA_HEAP_OPTS: "-Xmx1g",
  KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:9092",
  HTTP_PROXY: "http://127.0.0.1:1",
  HTTPS_PROXY: "http://127.0.0.1:1",
  NO_PROXY: "localhost",
  LOG_DIR: "/var/log",
};

Deno.test("without a broker there are MAX_RETRIES lines, then exit 69 with what to check", async () => {
  const bootstrap = deadAddress();
  const settings = { MAX_RETRIES: "3", RETRY_DELAY: "0.1" };
  await using service = await startService({ bootstrap }, { ...GIVEN, settings });
  assert.equal((await service.waitForExit()).code, 69);
  assert.deepEqual(complaints(service).slice(0, 3), [
    "WARNING Cannot connect to Kafka, trying again",
    "WARNING Cannot connect to Kafka, trying again",
    "WARNING Cannot connect to Kafka, giving up",
  ]);
  const [reason = "", ...more] = complaints(service).slice(3);
  assert.deepEqual(more, []);
  assert.match(reason, /^ERROR Cannot go on: Cannot connect to Kafka, tried 3 times: /);
  assert.ok(reason.includes(bootstrap), reason);
  assert.match(reason, /KAFKA_BROKERS/);
});

Deno.test("MAX_RETRIES=0 is one try", async () => {
  const settings = { MAX_RETRIES: "0", RETRY_DELAY: "60" };
  await using service = await startService({ bootstrap: deadAddress() }, { ...GIVEN, settings });
  assert.equal((await service.waitForExit()).code, 69);
  const tries = complaints(service).filter((line) => line.startsWith("WARNING"));
  assert.deepEqual(tries, ["WARNING Cannot connect to Kafka, giving up"]);
});

kafkaTest("a topic that is missing is waited for, never created", {}, async (kafka) => {
  const topic = kafka.unique("missing");
  const group = kafka.unique("group");
  const settings = { MAX_RETRIES: "2", RETRY_DELAY: "0.1" };
  await using service = await startService(kafka, { topic, group, settings });
  assert.equal((await service.waitForExit()).code, 69);
  const reason = complaints(service).at(-1) ?? "";
  assert.match(reason, new RegExp(`Topic ${topic} does not exist`));
  assert.match(reason, /KAFKA_TOPIC.*kafka-topics/);
  assert.equal(await kafka.hasTopic(topic), false);
  assert.equal(await kafka.hasTopic(`${topic}.dlq`), false);
});

kafkaTest("a topic that appears while it is waited for is consumed", {}, async (kafka) => {
  const topic = kafka.unique("late");
  const group = kafka.unique("group");
  const settings = { MAX_RETRIES: "100", RETRY_DELAY: "0.2" };
  await using service = await startService(kafka, { topic, group, settings });
  await service.waitForLine("Cannot connect to Kafka, trying again");
  await kafka.createTopic({ name: topic });
  await untilJoined(service);
  assert.equal((await service.stop()).code, 0);
});

Deno.test("bad settings are told all at once, with exit 78 and before anything else", async () => {
  const settings = {
    AUTO_OFFSET_RESET: "newest",
    CONCURRENCY: "0",
    KAFKA_BROKER: "localhost:9092",
    RETRY_DELAY: "10s",
  };
  await using service = await startService({ bootstrap: "kafka:99999" }, { ...GIVEN, settings });
  assert.equal((await service.waitForExit()).code, 78);
  const text = service.stderr.join("\n");
  for (const name of [...Object.keys(settings), "KAFKA_BROKERS"]) {
    assert.match(text, new RegExp(`^\\s*${name}: `, "m"));
  }
  assert.deepEqual(service.stdout, []);
});

Deno.test("a secret's file that it may not read is exit 78, naming the folders that it may", async () => {
  const path = await Deno.makeTempFile();
  try {
    const sasl = { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "app" };
    const settings = { ...sasl, KAFKA_SASL_PASSWORD_FILE: path };
    await using service = await startService({ bootstrap: deadAddress() }, { ...GIVEN, settings });
    assert.equal((await service.waitForExit()).code, 78);
    const text = service.stderr.join("\n");
    assert.ok(text.includes(`KAFKA_SASL_PASSWORD_FILE: cannot read ${path}: outside of`), text);
    for (const folder of READABLE_FOLDERS) assert.ok(text.includes(folder), folder);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a port that is taken is exit 78, naming both settings", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const settings = { HTTP_PORT: String(taken.addr.port) };
  await using service = await startService({ bootstrap: deadAddress() }, { ...GIVEN, settings });
  assert.equal((await service.waitForExit()).code, 78);
  const reason = complaints(service).join("\n");
  assert.match(reason, /HTTP_HOST=127\.0\.0\.1/);
  assert.match(reason, new RegExp(`HTTP_PORT=${taken.addr.port}: the port is taken`));
});

Deno.test("an unknown flag is exit 64 and names the nearest one", async () => {
  await using service = await Program.start({ args: ["--kafka-broker", "localhost:9092"] });
  assert.equal((await service.waitForExit()).code, 64);
  assert.match(service.stderr.join("\n"), /--kafka-broker: unknown flag.*--kafka-brokers/);
});

kafkaTest(
  "AUTO_OFFSET_RESET=none refuses to choose where to start: exit 65, nothing committed",
  { topics: { events: 1 } },
  async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await kafka.produce(topic, [{ value: "{" }]);
    const settings = { AUTO_OFFSET_RESET: "none" };
    await using service = await startService(kafka, { topic, group, settings });
    assert.equal((await service.waitForExit()).code, 65);
    const [reason = ""] = complaints(service);
    assert.ok(reason.includes(`${topic}/0`), reason);
    assert.match(reason, /AUTO_OFFSET_RESET/);
    assert.deepEqual(await kafka.committed(group, topic), [-1]);
  },
);

kafkaTest(
  "variables that others set do not disturb it",
  { topics: { events: 1 } },
  async (kafka) => {
    const group = kafka.unique("group");
    const options = { topic: kafka.topics.events, group, settings: FOREIGN };
    await using service = await startService(kafka, options);
    await untilJoined(service);
    assert.equal((await service.stop()).code, 0);
    assert.deepEqual(complaints(service), []);
  },
);

kafkaTest("env.example, copied to .env, starts it", { topics: { events: 1 } }, async (kafka) => {
  const cwd = await Deno.makeTempDir();
  try {
    const example = await Deno.readTextFile(new URL("../../env.example", import.meta.url));
    await Deno.writeTextFile(`${cwd}/.env`, example);
    const given = {
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: kafka.topics.events,
      KAFKA_GROUP_ID: kafka.unique("group"),
      HTTP_PORT: "0",
    };
    await using service = await Program.start({ cwd, env: given });
    await untilJoined(service);
    assert.match(
      service.stdout[0] ?? "",
      /^\d{4}(-\d\d){2} (\d\d:){2}\d\d - ProcessingService - INFO - Starting Processing Service\.\.\./,
    );
    assert.equal((await service.stop()).code, 0);
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

Deno.test("SIGTERM between two tries to connect ends it at once, with exit 0", async () => {
  const settings = { MAX_RETRIES: "100", RETRY_DELAY: "60" };
  await using service = await startService({ bootstrap: deadAddress() }, { ...GIVEN, settings });
  await service.waitForLine("Cannot connect to Kafka, trying again");
  assert.deepEqual(await service.stop(SOON_MS), { code: 0, signal: null });
});

Deno.test("SIGTERM while a broker keeps silent ends it at once, with exit 0", async () => {
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepted = silent.accept();
  const bootstrap = `127.0.0.1:${silent.addr.port}`;
  const settings = { REQUEST_TIMEOUT_MS: "60000", SOCKET_CONNECTION_SETUP_TIMEOUT_MS: "60000" };
  await using service = await startService({ bootstrap }, { ...GIVEN, settings });
  using _connection = await accepted;
  assert.deepEqual(await service.stop(SOON_MS), { code: 0, signal: null });
});

Deno.test("SIGHUP logs at DEBUG from then on, a second one as before, and all else goes on", async () => {
  const settings = { MAX_RETRIES: "100", RETRY_DELAY: "0.1", LOG_LEVEL: "warning" };
  await using service = await startService({ bootstrap: deadAddress() }, { ...GIVEN, settings });
  const tries = () => logLines(service).filter(({ text }) => text.endsWith("trying again")).length;
  await service.waitForLine("Cannot connect to Kafka, trying again");
  service.signal("SIGHUP");
  await service.waitForLine("Log level set to debug");
  service.signal("SIGHUP");
  await service.waitForLine("Log level set to warning");
  const before = tries();
  await eventually("it goes on trying", tries, {
    withinMs: SOON_MS,
    until: (now) => now >= before + 3,
  });
  assert.equal((await service.stop(SOON_MS)).code, 0);
});

/** Where nothing listens. */
function deadAddress(): string {
  return `127.0.0.1:${freePorts(1)[0]}`;
}
