/** The image, built from the Dockerfile as it is, as a container with the fewest rights. */
import assert from "node:assert/strict";
import project from "../../deno.json" with { type: "json" };
import { badMessages, events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { freePorts } from "../support/free_ports.ts";
import { findImageEngine, type ImageEngine } from "../support/image_engine.ts";
import { kafkaTest } from "../support/kafka.ts";
import { untilAllCommitted } from "../support/service.ts";
import { testIfPossible } from "../support/test_if_possible.ts";

const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const GOOD = 200;
const HEALTHY_WITHIN_MS = 60_000;
const NONROOT_ID = 65532;
const RIGHTS = [
  ...["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges"],
  ...["--memory", "256m", "--network", "host"],
];

const found = await findImageEngine();
const engine = typeof found === "string" ? null : found;
const isRequired = Deno.env.get("REQUIRE_IMAGE") === "1";
const missing = typeof found === "string" && !isRequired ? found : null;
/** Built once, by whichever test comes first. */
let building: Promise<string> | null = null;

testIfPossible("the image says version and commit, and has no shell", missing, async () => {
  const { engine, image } = await built();
  const base = ["run", "--rm", ...engine.runFlags, ...RIGHTS];
  const version = await engine.do([...base, image, "--version"]);
  assert.equal(version.trim(), `${project.version} (commit ${COMMIT})`);
  assert.notEqual(await engine.tryTo([...base, "--entrypoint", "/bin/sh", image, "-c", "true"]), 0);
  const labels = await engine.do(["image", "inspect", image]);
  assert.ok(labels.includes(`"org.opencontainers.image.revision": "${COMMIT}"`));
});

kafkaTest(
  "the image consumes as nobody, read-only, without capabilities; is healthy by its own command, and drains when stopped",
  { topics: { events: 2 }, missing },
  async (kafka) => {
    const { engine, image } = await built();
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    const bad = badMessages(1);
    await kafka.produce(topic, [...events({ seed: 1, count: GOOD }), ...bad]);
    const [port] = freePorts(1);
    const settings = Object.entries({
      KAFKA_BROKERS: kafka.bootstrap,
      KAFKA_TOPIC: topic,
      KAFKA_GROUP_ID: group,
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: String(port),
      ENVIRONMENT: "production",
      LOG_FORMAT: "pretty",
    }).flatMap((each) => ["-e", each.join("=")]);
    await using container = await start(engine, [...RIGHTS, ...settings, image]);
    const [, ...command] = await healthCommand(engine, image);
    const health = ["exec", container.name, ...command];
    await eventually("healthy", async () => await engine.tryTo(health) === 0, {
      withinMs: HEALTHY_WITHIN_MS,
    });
    await untilAllCommitted(kafka, { group, topic });
    const status = await Deno.readTextFile(`/proc/${await container.pid()}/status`);
    assert.match(status, new RegExp(`^Uid:\t${NONROOT_ID}\t`, "m"));
    assert.match(status, /^CapEff:\t0+$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    await engine.do(["stop", "-t", "40", container.name]);
    const log = await engine.do(["logs", container.name]);
    assert.match(log, new RegExp(`Stopped Processing Service processed=${GOOD} `), log);
    assert.match(log, new RegExp(` dead_lettered=${bad.length} `));
    assert.equal(await container.exitCode(), 0, log);
  },
);

async function built(): Promise<{ readonly engine: ImageEngine; readonly image: string }> {
  assert.ok(engine !== null, `REQUIRE_IMAGE=1, but there is no engine: ${found}`);
  building ??= engine.build(COMMIT);
  return { engine, image: await building };
}

interface Container extends AsyncDisposable {
  readonly name: string;
  pid(): Promise<number>;
  exitCode(): Promise<number>;
}

async function start(engine: ImageEngine, args: readonly string[]): Promise<Container> {
  const name = `processing-service-test-${crypto.randomUUID().slice(0, 8)}`;
  const ask = async (what: string) =>
    Number(await engine.do(["inspect", "--format", `{{.State.${what}}}`, name]));
  await engine.do(["run", "-d", "--name", name, ...engine.runFlags, ...args]);
  return {
    name,
    pid: () => ask("Pid"),
    exitCode: () => ask("ExitCode"),
    async [Symbol.asyncDispose]() {
      await engine.do(["rm", "-f", name]);
    },
  };
}

/** As HEALTHCHECK has it: `CMD`, then program and arguments. */
async function healthCommand(engine: ImageEngine, image: string): Promise<readonly string[]> {
  const [{ Config, HealthCheck, Healthcheck } = { Config: {} }] = JSON.parse(
    await engine.do(["image", "inspect", image]),
  );
  const { Test } = Config.Healthcheck ?? HealthCheck ?? Healthcheck;
  assert.equal(Test[0], "CMD");
  return Test;
}
