import assert from "node:assert/strict";
import { ConfigError, deadLetterTopic, loadConfig, loadHttpConfig } from "../../src/config.ts";
import { SETTING_NAMES } from "../../src/config/settings.ts";
import { configSources, type TestSources } from "../support/config_sources.ts";

function load(sources: TestSources = {}) {
  return loadConfig(configSources(sources));
}

function problemsOf(sources: TestSources): readonly string[] {
  try {
    load(sources);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    for (const problem of error.problems) assert.ok(error.message.includes(problem));
    return error.problems;
  }
  assert.fail("the configuration was accepted");
}

function rowOf(sources: TestSources, name: string) {
  const row = load(sources).rows.find((each) => each.name === name);
  assert.ok(row !== undefined);
  return row;
}

Deno.test("loadConfig() gives the owner's defaults when nothing is set", () => {
  const { config } = load();
  assert.deepEqual(config.kafkaBrokers.map(String), ["localhost:9092"]);
  assert.deepEqual(config.kafkaTopic, ["user-activity-events"]);
  assert.equal(config.kafkaGroupId, "processing-service-group");
  assert.equal(config.autoOffsetReset, "earliest");
  assert.equal(config.enableAutoCommit, true);
  assert.equal(config.maxRetries, 5);
  assert.equal(config.retryDelay, 10);
  assert.equal(config.environment, "development");
});

Deno.test("loadConfig() gives the defaults of the service when nothing is set", () => {
  const { config } = load();
  assert.equal(config.concurrency, 64);
  assert.equal(config.drainTimeoutMs, 25_000);
  assert.equal(config.dlqTopic, null);
  assert.equal(config.dlqRetentionMs, -1);
  assert.equal(config.httpHost, "127.0.0.1");
  assert.equal(config.httpPort, 8080);
  assert.equal(config.kafkaTlsEnabled, false);
  assert.equal(config.kafkaTlsCa, null);
  assert.equal(config.kafkaSaslPassword, null);
  assert.equal(config.kafkaGroupInstanceId, null);
  assert.equal(config.readFromBeginning, false);
  assert.ok(Object.isFrozen(config));
});

Deno.test("loadConfig() prefers the flag to the environment, that to .env, and that to the default", () => {
  const files = { ".env": "KAFKA_GROUP_ID=from-file\n" };
  const env = { KAFKA_GROUP_ID: "from-environment" };
  const flags = { "kafka-group-id": "from-flag" };
  assert.deepEqual(origin({ flags, env, files }), ["from-flag", "flag"]);
  assert.deepEqual(origin({ env, files }), ["from-environment", "environment"]);
  assert.deepEqual(origin({ files }), ["from-file", ".env"]);
  assert.deepEqual(origin({}), ["processing-service-group", "default"]);

  function origin(sources: TestSources) {
    const row = rowOf(sources, "KAFKA_GROUP_ID");
    assert.equal(load(sources).config.kafkaGroupId, row.value);
    return [row.value, row.origin];
  }
});

Deno.test("loadConfig() takes an empty variable for one that is not set", () => {
  const files = { ".env": "CONCURRENCY=3\nHTTP_PORT=\n" };
  const { config } = load({ env: { CONCURRENCY: "", MAX_RETRIES: "  " }, files });
  assert.equal(config.concurrency, 3);
  assert.equal(config.maxRetries, 5);
  assert.equal(config.httpPort, 8080);
});

Deno.test("loadConfig() refuses a flag that is empty", () => {
  const problems = problemsOf({ flags: { "kafka-group-id": "" } });
  assert.deepEqual(problems, ['--kafka-group-id: expected a text that is not empty: ""']);
});

Deno.test("loadConfig() logs pretty in development only, unless told", () => {
  const format = (env: Record<string, string>) => load({ env }).config.logFormat;
  assert.equal(format({}), "pretty");
  assert.equal(format({ ENVIRONMENT: "production" }), "json");
  assert.equal(format({ ENVIRONMENT: "staging-7" }), "json");
  assert.equal(format({ ENVIRONMENT: "production", LOG_FORMAT: "pretty" }), "pretty");
  assert.equal(format({ LOG_FORMAT: "JSON" }), "json");
});

Deno.test("loadConfig() takes what a fetch waits for from FETCH_PRESET, unless it is set itself", () => {
  const waits = (env: Record<string, string>) => {
    const { fetchMinBytes, fetchMaxWaitMs } = load({ env }).config;
    return [fetchMinBytes, fetchMaxWaitMs];
  };
  assert.deepEqual(waits({}), [1, 500]);
  assert.deepEqual(waits({ FETCH_PRESET: "balanced" }), [1, 500]);
  assert.deepEqual(waits({ FETCH_PRESET: "latency" }), [1, 50]);
  assert.deepEqual(waits({ FETCH_PRESET: "Efficient" }), [65_536, 20]);
  const env = { FETCH_PRESET: "efficient", FETCH_MAX_WAIT_MS: "35" };
  assert.deepEqual(waits(env), [65_536, 35]);
  const row = (name: string) => rowOf({ env }, name);
  assert.deepEqual([row("FETCH_MIN_BYTES").value, row("FETCH_MIN_BYTES").origin], [
    "65536",
    "default of FETCH_PRESET=efficient",
  ]);
  assert.equal(row("FETCH_MAX_WAIT_MS").origin, "environment");
  assert.deepEqual(problemsOf({ env: { FETCH_PRESET: "constructor" } }), [
    'FETCH_PRESET: expected one of latency, balanced, efficient: "constructor"',
  ]);
});

Deno.test("loadConfig() reads lists, IPv6 addresses, words and aliases", () => {
  const { config } = load({
    env: {
      KAFKA_BROKERS: " kafka-1, kafka-2:19092 ,[::1]:9093,[fe80::1],kafka-1,",
      KAFKA_TOPIC: "a, b",
      HTTP_PORT: "off",
      HTTP_HOST: "[::]",
      LOG_LEVEL: "WARN",
      ENABLE_AUTO_COMMIT: "no",
      DLQ_TOPIC: "none",
      RETRY_DELAY: "0.25",
      KAFKA_SASL_MECHANISM: "none",
    },
  });
  const brokers = ["kafka-1:9092", "kafka-2:19092", "[::1]:9093", "[fe80::1]:9092"];
  assert.deepEqual(config.kafkaBrokers.map(String), brokers);
  assert.equal(config.kafkaBrokers[2]?.host, "::1");
  assert.deepEqual(config.kafkaTopic, ["a", "b"]);
  assert.equal(config.httpPort, null);
  assert.equal(config.httpHost, "::");
  assert.equal(config.logLevel, "warning");
  assert.equal(config.enableAutoCommit, false);
  assert.equal(config.dlqTopic, "none");
  assert.equal(config.retryDelay, 0.25);
});

Deno.test("loadConfig() shows each setting once, with its value as one would write it", () => {
  const { rows } = load({ env: { KAFKA_BROKERS: "[::1], b", HTTP_PORT: "OFF" } });
  assert.deepEqual(rows.map(({ name }) => name), [...SETTING_NAMES]);
  assert.equal(rows.find(({ name }) => name === "KAFKA_BROKERS")?.value, "[::1]:9092,b:9092");
  assert.equal(rows.find(({ name }) => name === "HTTP_PORT")?.value, "off");
});

Deno.test("loadConfig() names each line of .env that it cannot read", () => {
  const files = { ".env": "KAFKA_TOPIC=a\nnonsense\nLOG_LEVEL='debug\n" };
  assert.deepEqual(problemsOf({ files }), [
    ".env: line 2: expected NAME=value",
    ".env: line 3: expected the closing quote at the end of the line",
  ]);
});

Deno.test("loadConfig() says so when .env is there and cannot be read", () => {
  const sources = configSources();
  const readFile = () => {
    throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  assert.throws(() => loadConfig({ ...sources, readFile }), {
    problems: [".env: cannot read the file: permission denied"],
  });
});

Deno.test("loadConfig() refuses variables close to a setting, and lists others under our prefixes", () => {
  const near = { KAFKA_BROKER: "a", KAFKA_TOPICS: "a", Http_Prot: "1", CONCURENCY: "1" };
  assert.deepEqual(problemsOf({ env: near }), [
    "CONCURENCY: unknown, did you mean CONCURRENCY?",
    "Http_Prot: unknown, did you mean HTTP_PORT?",
    "KAFKA_BROKER: unknown, did you mean KAFKA_BROKERS?",
    "KAFKA_TOPICS: unknown, did you mean KAFKA_TOPIC?",
  ]);
  const env = { KAFKA_BOOTSTRAP_SERVERS: "a", LOG_COLOUR: "1", PATH: "/bin", FOO_BAR: "1" };
  assert.deepEqual(load({ env }).unknown, ["KAFKA_BOOTSTRAP_SERVERS", "LOG_COLOUR"]);
});

Deno.test("loadConfig() refuses misspelt names in .env, too", () => {
  const problems = problemsOf({ files: { ".env": "KAFKA_GROUPID=x\n" } });
  assert.deepEqual(problems, ["KAFKA_GROUPID: unknown, did you mean KAFKA_GROUP_ID?"]);
});

Deno.test("loadConfig() refuses a variable of what is a flag only", () => {
  const problems = problemsOf({ env: { READ_FROM_BEGINNING: "true" } });
  assert.deepEqual(problems, ["READ_FROM_BEGINNING: not a variable: pass --read-from-beginning"]);
});

Deno.test("loadConfig() starts cleanly with everything set that others are known to set", () => {
  const { unknown } = load({ env: FOREIGN });
  assert.deepEqual(unknown, []);
});

Deno.test("deadLetterTopic() follows the source topic, unless DLQ_TOPIC says otherwise", () => {
  assert.equal(deadLetterTopic({ dlqTopic: null }, "a"), "a.dlq");
  assert.equal(deadLetterTopic({ dlqTopic: "graveyard" }, "a"), "graveyard");
  assert.equal(deadLetterTopic({ dlqTopic: "none" }, "a"), null);
});

Deno.test("loadHttpConfig() needs only its own settings to be right", () => {
  const env = { KAFKA_TLS_CA: "not PEM", CONCURRENCY: "no", HTTP_PORT: "9000", HTTP_HOST: "::1" };
  assert.deepEqual(loadHttpConfig(configSources({ env })), { httpHost: "::1", httpPort: 9000 });
  assert.throws(() => loadHttpConfig(configSources({ env: { HTTP_PORT: "x" } })), ConfigError);
});

/** What Kubernetes injects for Services of these names, with the port 9092. */
function kubernetesService(name: string): Record<string, string> {
  const prefix = name.toUpperCase().replaceAll("-", "_");
  return {
    [`${prefix}_SERVICE_HOST`]: "10.0.0.7",
    [`${prefix}_SERVICE_PORT`]: "9092",
    [`${prefix}_SERVICE_PORT_CLIENT`]: "9092",
    [`${prefix}_PORT`]: "tcp://10.0.0.7:9092",
    [`${prefix}_PORT_9092_TCP`]: "tcp://10.0.0.7:9092",
    [`${prefix}_PORT_9092_TCP_PROTO`]: "tcp",
    [`${prefix}_PORT_9092_TCP_PORT`]: "9092",
    [`${prefix}_PORT_9092_TCP_ADDR`]: "10.0.0.7",
  };
}

const FOREIGN: Readonly<Record<string, string>> = {
  ...kubernetesService("kafka"),
  ...kubernetesService("kafka-broker"),
  ...kubernetesService("kafka-topic"),
  ...kubernetesService("processing"),
  ...kubernetesService("processing-service"),
  ...kubernetesService("log"),
  ...kubernetesService("kubernetes"),
  KAFKA_HOME: "/opt/kafka",
  KAFKA_OPTS: "-Dx=y",
  KAFKA_HEAP_OPTS: "-Xmx1g",
  KAFKA_JVM_PERFORMANCE_OPTS: "-server",
  KAFKA_LOG_DIRS: "/var/lib/kafka",
  KAFKA_LOG4J_OPTS: "-Dlog4j=x",
  KAFKA_JMX_PORT: "9999",
  KAFKA_NODE_ID: "1",
  KAFKA_BROKER_ID: "1",
  KAFKA_PROCESS_ROLES: "broker,controller",
  KAFKA_LISTENERS: "PLAINTEXT://:9092",
  KAFKA_ADVERTISED_LISTENERS: "PLAINTEXT://kafka:9092",
  KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true",
  KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
  KAFKA_CFG_NODE_ID: "0",
  KAFKAJS_NO_PARTITIONER_WARNING: "1",
  HTTP_PROXY: "http://proxy:3128",
  HTTPS_PROXY: "http://proxy:3128",
  NO_PROXY: "localhost",
  http_proxy: "http://proxy:3128",
  HTTPS_PORT: "8443",
  HTTP_PORTS: "8080",
  LOG_DIR: "/var/log",
  LOGNAME: "root",
  HOSTNAME: "pod-1",
  NODE_ENV: "production",
  OTEL_SERVICE_NAME: "processing-service",
  WEB_CONCURRENCY: "2",
};
