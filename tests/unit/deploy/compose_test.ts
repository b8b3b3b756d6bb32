/** docker-compose.yml agrees with the code, with what it mounts and with the names that the owner gave. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import {
  assertCommandLine,
  assertGracePeriod,
  assertSettings,
  DEFAULTS,
  isInProject,
  readProjectFile,
} from "../../support/deployed_program.ts";
import { DEFAULT_KAFKA_VERSION } from "../../support/kafka_jars.ts";

interface ComposeService {
  readonly image: string;
  readonly build?: string;
  readonly container_name?: string;
  readonly profiles?: readonly string[];
  readonly command?: string | readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks: readonly string[];
  readonly depends_on?:
    | readonly string[]
    | Readonly<Record<string, { readonly condition: string }>>;
  readonly restart: string;
  readonly stop_grace_period?: string;
  readonly mem_limit?: string;
  readonly healthcheck?: { readonly disable?: boolean };
  readonly logging: { readonly driver: string };
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly networks: Readonly<Record<string, { readonly name: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const COMPOSE: Compose = parse(await readProjectFile("docker-compose.yml"), { merge: true });
const SERVICES = Object.entries(COMPOSE.services);

Deno.test("docker-compose.yml has the names that the owner's commands use", () => {
  const own = serviceOf("processing-service");
  assert.equal(own.container_name, "processing-service");
  assert.equal(own.image, "processing-service");
  assert.equal(own.build, ".");
  assert.equal(own.restart, "on-failure:10");
  assert.equal(own.environment?.["KAFKA_BROKERS"], "kafka:29092");
  assert.equal(
    COMPOSE.networks["kafka-network"]?.name,
    "kafka-network",
    "with no project before it",
  );
  for (const [name, { networks }] of SERVICES) assert.deepEqual(networks, ["kafka-network"], name);
});

Deno.test("docker-compose.yml sets variables that the service takes, the owner's with the owner's defaults", () => {
  const own = withDefaults(serviceOf("processing-service").environment);
  assertSettings(own);
  const { kafkaTopic, kafkaGroupId, autoOffsetReset, maxRetries, retryDelay } = DEFAULTS;
  assert.equal(own["KAFKA_TOPIC"], kafkaTopic.join(","));
  assert.equal(own["KAFKA_GROUP_ID"], kafkaGroupId);
  assert.equal(own["AUTO_OFFSET_RESET"], autoOffsetReset);
  assert.equal(own["ENABLE_AUTO_COMMIT"], String(DEFAULTS.enableAutoCommit));
  assert.equal(own["MAX_RETRIES"], String(maxRetries));
  assert.equal(own["RETRY_DELAY"], String(retryDelay));
  assert.equal(own["ENVIRONMENT"], DEFAULTS.environment);
  assertSettings(withDefaults(serviceOf("demo-producer").environment));
});

Deno.test("docker-compose.yml gives the service longer to stop than it takes", () => {
  const [, seconds] = /^(\d+)s$/.exec(serviceOf("processing-service").stop_grace_period ?? "") ??
    [];
  assertGracePeriod(Number(seconds) * 1000);
});

Deno.test("docker-compose.yml publishes what listens, each port once, to this machine only", async () => {
  const published = new Set<string>();
  for (const [name, { ports = [] }] of SERVICES) {
    for (const port of ports) {
      const [, outside = ""] = /^127\.0\.0\.1:(\d+):\d+$/.exec(port) ?? [];
      assert.ok(outside !== "" && !published.has(outside), `${name}: ${port}`);
      published.add(outside);
    }
  }
  assert.deepEqual(serviceOf("processing-service").ports, [
    `127.0.0.1:${DEFAULTS.httpPort}:${DEFAULTS.httpPort}`,
  ]);
  const { scrape_configs: jobs } = parse(await readProjectFile("deploy/prometheus/prometheus.yml"));
  const own = `processing-service:${DEFAULTS.httpPort}`;
  assert.deepEqual(jobs[0].static_configs[0].targets, [own]);
});

Deno.test("docker-compose.yml: Kafka listens and advertises what clients are told", () => {
  const kafka = serviceOf("kafka");
  const env = kafka.environment ?? {};
  assert.equal(kafka.image, `apache/kafka:${DEFAULT_KAFKA_VERSION}`);
  assert.equal(serviceOf("kafka-topic").image, kafka.image);
  const listens = listeners(env["KAFKA_LISTENERS"]);
  const advertised = listeners(env["KAFKA_ADVERTISED_LISTENERS"]);
  assert.deepEqual(advertised.map(({ name, address }) => `${name} ${address}`), [
    "NETWORK kafka:29092",
    "HOST localhost:9092",
  ]);
  for (const { name, address } of advertised) {
    const port = address.split(":")[1];
    assert.ok(listens.some((each) => each.name === name && each.address === `:${port}`), name);
  }
  assert.deepEqual(
    (env["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] ?? "").split(",").map((each) =>
      each.split(":")[0]
    ),
    listens.map(({ name }) => name),
  );
  const create = String(serviceOf("kafka-topic").command);
  assert.ok(create.includes(` ${advertised[0]?.address} `));
  assert.ok(create.includes(` --topic ${DEFAULTS.kafkaTopic.join(",")} `));
  assert.equal(env["KAFKA_AUTO_CREATE_TOPICS_ENABLE"], "false");
});

Deno.test("docker-compose.yml mounts files that exist, and volumes that it declares", async () => {
  const used = new Set<string>();
  for (const [name, { volumes = [] }] of SERVICES) {
    for (const [source = "", target = ""] of volumes.map((each) => each.split(":"))) {
      assert.ok(target.startsWith("/"), `${name}: ${target}`);
      if (source.startsWith("./")) assert.ok(await isInProject(source), `${name}: ${source}`);
      else if (!source.startsWith("/")) used.add(source);
    }
  }
  assert.deepEqual([...used].sort(), Object.keys(COMPOSE.volumes).sort());
});

Deno.test("docker-compose.yml: alerts, dashboard and data source are found where they are mounted", async () => {
  const prometheus = parse(await readProjectFile("deploy/prometheus/prometheus.yml"));
  for (const file of prometheus.rule_files) {
    assert.ok(targets("prometheus").includes(`/etc/prometheus/${file}`), file);
  }
  const folder = "deploy/grafana/provisioning/";
  const sources = parse(await readProjectFile(`${folder}datasources/prometheus.yml`));
  assert.equal(sources.datasources[0].url, "http://prometheus:9090");
  assert.ok("prometheus" in COMPOSE.services);
  const boards = parse(await readProjectFile(`${folder}dashboards/processing-service.yml`));
  const board = `${boards.providers[0].options.path}/processing-service.json`;
  assert.ok(targets("grafana").includes(board), board);
  assert.equal(
    serviceOf("grafana").environment?.["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"],
    board,
  );
});

Deno.test("docker-compose.yml: what waits waits for what can come", () => {
  for (const [name, { depends_on: needed = {}, profiles = [] }] of SERVICES) {
    const conditions = Array.isArray(needed)
      ? needed.map((each): [string, string] => [each, "service_started"])
      : Object.entries(needed).map(([each, { condition }]): [string, string] => [each, condition]);
    for (const [other, condition] of conditions) {
      const { healthcheck, profiles: theirs = [] } = serviceOf(other);
      if (condition === "service_healthy") assert.ok(healthcheck, `${name}: ${other}`);
      for (const profile of theirs) assert.ok(profiles.includes(profile), `${name}: ${other}`);
    }
  }
});

Deno.test("docker-compose.yml: the producer of the demo is a command of the service", async () => {
  const { command, healthcheck, image, profiles } = serviceOf("demo-producer");
  assert.ok(Array.isArray(command));
  await assertCommandLine(command);
  assert.equal(image, serviceOf("processing-service").image);
  assert.equal(healthcheck?.disable, true, "it serves no health");
  assert.deepEqual(profiles, ["demo"]);
});

Deno.test("docker-compose.yml: every image has a version, every container limits, one only has its log read", () => {
  const read = SERVICES.filter(([, { logging }]) => logging.driver === "json-file");
  assert.deepEqual(read.map(([name]) => name), ["processing-service"], "what Filebeat finds");
  for (const [name, { image, mem_limit: limit, restart }] of SERVICES) {
    if (image !== "processing-service") assert.match(image, /:v?\d+\.\d+\.\d+$/, name);
    assert.match(limit ?? "", /^\d+[mg]$/, name);
    assert.match(restart, /^(unless-stopped|on-failure:10)$/, name);
  }
});

function serviceOf(name: string): ComposeService {
  const found = COMPOSE.services[name];
  assert.ok(found !== undefined, `${name} is gone`);
  return found;
}

/** As compose does where the variable is not set. */
function withDefaults(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [name, value.replace(/\$\{\w+:-(.*?)\}/g, "$1")]),
  );
}

function listeners(text = ""): readonly { readonly name: string; readonly address: string }[] {
  return text.split(",").map((each) => {
    const [name = "", address = ""] = each.split("://");
    return { name, address };
  });
}

function targets(name: string): readonly string[] {
  return (serviceOf(name).volumes ?? []).map((each) => each.split(":")[1] ?? "");
}
