/** A flood of dead letters stops its partition, and good messages set it going again. In this process, minutes cut short. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { loadConfig } from "../../src/config.ts";
import { Health, readyz } from "../../src/ops/health.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import { Telemetry } from "../../src/ops/telemetry.ts";
import { PROBE_EVERY_MS } from "../../src/processing/breakers.ts";
import type { Clock } from "../../src/processing/clock.ts";
import { Service } from "../../src/service.ts";
import { configSources } from "../support/config_sources.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { encodeBatch } from "../support/record_batches.ts";
import { RecordingLogger } from "../support/recording_logger.ts";

const TOPIC = "events";
const PLACE = { topic: TOPIC, partition: 0 };
const WITHIN_MS = 30_000;
const BATCH = 100;
const PROBE_MS = 500;

/** The machine's clock, on which a minute between two probes is half a second. */
const hastyClock: Clock = {
  ...systemClock,
  schedule: (delayMs, wake) =>
    systemClock.schedule(delayMs === PROBE_EVERY_MS ? PROBE_MS : delayMs, wake),
};

/** A producer that goes on without end, and writes by a broken schema for some time. */
class Load {
  readonly #kafka: EmbeddedKafka;
  readonly #running: Promise<void>;
  #isStopped = false;
  isBroken = false;
  good = 0;
  broken = 0;

  constructor(kafka: EmbeddedKafka) {
    this.#kafka = kafka;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let seed = 1; !this.#isStopped; seed++) {
      const good = events({ seed, count: BATCH, users: 50 });
      const records = this.isBroken
        ? good.map(({ key, value }) => ({ key, value: value.replace("user_id", "userId") }))
        : good;
      this.#kafka.append(PLACE, await encodeBatch({ records, codec: "gzip" }));
      if (this.isBroken) this.broken += BATCH;
      else this.good += BATCH;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

Deno.test("a producer that switches to a broken schema stops its partition within 2,000 messages, and it goes on by itself when good ones come", async () => {
  await using kafka = await EmbeddedKafka.start({ topics: { [TOPIC]: 1 } });
  const logger = new RecordingLogger();
  const telemetry = new Telemetry({ logger, clock: hastyClock });
  const health = new Health();
  const env = { KAFKA_BROKERS: kafka.bootstrap, KAFKA_TOPIC: TOPIC, FETCH_MAX_WAIT_MS: "100" };
  const service = new Service({
    config: loadConfig(configSources({ env })).config,
    handlers: { byType: {}, default: () => {} },
    clock: hastyClock,
    logger,
    telemetry,
    tracing: null,
    health,
    version: "0.0.0-test",
  });
  const load = new Load(kafka);
  const letters = () => kafka.partition({ topic: `${TOPIC}.dlq`, partition: 0 }).endOffset;
  const problem = () =>
    readyz(health.facts()).checks.find(({ name, ok }) => name === "breaker" && !ok)?.text;
  const within = { withinMs: WITHIN_MS };
  await service.start();
  await eventually("some are processed", () => telemetry.counts().processed > 1_000, within);
  load.isBroken = true;
  await eventually("not ready", () => problem() !== undefined, within);
  assert.match(problem() ?? "", /^events\/0: paused by DLQ_BREAKER, .* schema_mismatch: user_id/);
  assert.equal(service.status().partitions[0]?.state, "paused");
  const before = load.broken;
  await eventually("it goes on being broken", () => load.broken > before + 5_000, within);
  const probes = () => logger.lines.filter(({ text }) => text.startsWith("Partition still paused"));
  await eventually("probes find nothing good", () => probes().length > 2, within);
  assert.ok(letters() <= 2_000, `${letters()} dead letters`);
  load.isBroken = false;
  await eventually("ready", () => readyz(health.facts()).ok, within);
  await load.stop();
  const end = kafka.partition(PLACE).endOffset;
  await eventually(
    "all is committed",
    () => kafka.committed("processing-service-group")[0]?.offset,
    {
      ...within,
      until: (offset) => offset === end,
    },
  );
  await service.stop();
  telemetry.stop();
  const { processed, deadLettered, breakersOpened } = telemetry.counts();
  assert.deepEqual([processed, deadLettered, letters()], [load.good, load.broken, load.broken]);
  assert.equal(breakersOpened, 1);
});
