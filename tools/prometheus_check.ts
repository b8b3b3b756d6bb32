/**
 * `deno task check:prometheus [SECONDS]`: a real Prometheus scrapes the service on a real Kafka, and the four metrics that
 * matter most are compared with what others measure: kafka-consumer-groups, the share of bad messages that was
 * produced, a handler of known length, and a broker that is stopped. Takes five minutes by default, so no test does it.
 */
import { badMessages, events } from "../tests/support/events.ts";
import { eventually } from "../tests/support/eventually.ts";
import { KafkaClient } from "../tests/support/kafka_client.ts";
import { KafkaCluster } from "../tests/support/kafka_cluster.ts";
import { describeGroupLag } from "../tests/support/kafka_tools.ts";
import { sendAction } from "../tests/support/operator.ts";
import { PrometheusServer } from "../tests/support/prometheus_server.ts";
import { Recording } from "../tests/support/recording.ts";
import { untilServing } from "../tests/support/service.ts";

const SCRAPE_SECONDS = 2;
const HANDLER_MS = 30;
const BATCH = 40;
const BAD_SHARE = 0.1;
const BACKLOG = 200;
const TOKEN = "a-token-of-24-characters";
const WITHIN = { withinMs: 60_000, everyMs: 500 };

interface Checked {
  readonly what: string;
  readonly prometheus: number | null;
  readonly measured: string;
  readonly isRight: boolean;
}

if (import.meta.main) await main(Number(Deno.args[0] ?? 300));

async function main(seconds: number): Promise<void> {
  await using cluster = await KafkaCluster.start({ nodes: 1 });
  const bootstrap = cluster.bootstrap();
  await using kafka = new KafkaClient(bootstrap);
  const topic = await kafka.createTopic({ partitions: 4 });
  const group = kafka.unique("group");
  await using recording = await Recording.start();
  await using service = await recording.startService({ bootstrap }, {
    topic,
    group,
    settings: { HTTP_PORT: "0", CONSOLE_TOKEN: TOKEN },
    plan: { minMs: HANDLER_MS, maxMs: HANDLER_MS },
  });
  const url = await untilServing(service);
  await using prometheus = await PrometheusServer.start(new URL(url).host, SCRAPE_SECONDS);
  const produced = await produceFor(seconds, { kafka, topic });
  const results = [
    ...await checkErrors(prometheus, produced),
    await checkDuration(prometheus),
    ...await checkLag(prometheus, { kafka, topic, group, url, bootstrap }),
    ...await checkConnection(prometheus, cluster),
  ];
  for (const { what, prometheus, measured, isRight } of results) {
    console.log(`${isRight ? "right" : "WRONG"}  ${what}: ${prometheus}, measured ${measured}`);
  }
  if (results.some(({ isRight }) => !isRight)) Deno.exitCode = 1;
}

/** Good and bad events in the known share, a batch each second. */
async function produceFor(
  seconds: number,
  { kafka, topic }: { readonly kafka: KafkaClient; readonly topic: string },
): Promise<{ readonly good: number; readonly bad: number }> {
  const endAt = performance.now() + seconds * 1000;
  let good = 0;
  let bad = 0;
  for (let batch = 0; performance.now() < endAt; batch++) {
    const badCount = Math.round(BATCH * BAD_SHARE);
    const values = events({ seed: batch, count: BATCH - badCount }).map(({ value }) => value);
    const broken = badMessages(batch).slice(0, badCount).map(({ value }) => value);
    const all = [...values, ...broken].map((value, i) => ({ value, partition: i % 4 }));
    await kafka.produce(topic, all);
    good += values.length;
    bad += broken.length;
    await pause(1_000);
  }
  return { good, bad };
}

async function checkErrors(
  prometheus: PrometheusServer,
  { good, bad }: { readonly good: number; readonly bad: number },
): Promise<readonly Checked[]> {
  const processed = 'sum(processing_events_total{outcome="processed"})';
  await eventually(
    "all are processed",
    async () => await prometheus.query(processed) === good,
    WITHIN,
  );
  const errors = await prometheus.query("sum(processing_errors_total)");
  const share = await prometheus.query(
    "sum(rate(processing_errors_total[1m])) / (sum(rate(processing_events_total" +
      '{outcome!="skipped"}[1m])) + sum(rate(processing_retries_total[1m])))',
  );
  const injected = bad / (good + bad);
  const isNear = share !== null && Math.abs(share - injected) < 0.02;
  return [
    { what: "failed attempts", prometheus: errors, measured: String(bad), isRight: errors === bad },
    {
      what: "error rate, of the last minute",
      prometheus: share,
      measured: String(injected),
      isRight: isNear,
    },
  ];
}

async function checkDuration(prometheus: PrometheusServer): Promise<Checked> {
  const median = await prometheus.query(
    "histogram_quantile(0.5, sum by (le) (rate(messaging_process_duration_seconds_bucket[1m])))",
  );
  // What can be told of it is its bucket.
  const isRight = median !== null && median > 0.025 && median <= 0.05;
  return {
    what: "median processing time",
    prometheus: median,
    measured: `${HANDLER_MS} ms`,
    isRight,
  };
}

async function checkLag(
  prometheus: PrometheusServer,
  { kafka, topic, group, url, bootstrap }: {
    readonly kafka: KafkaClient;
    readonly topic: string;
    readonly group: string;
    readonly url: string;
    readonly bootstrap: string;
  },
): Promise<readonly Checked[]> {
  const lag = "sum(processing_consumer_lag_messages)";
  const compare = async (what: string): Promise<Checked> => {
    const told = await prometheus.query(lag);
    const rows = await describeGroupLag(bootstrap, group);
    const measured = rows.reduce((sum, row) => sum + (row.lag ?? 0), 0);
    return { what, prometheus: told, measured: String(measured), isRight: told === measured };
  };
  const pauseAll = { partitions: "all", reason: "lag is to grow" };
  await sendAction(url, { name: "pause", body: pauseAll, token: TOKEN });
  const backlog = events({ seed: 7, count: BACKLOG }).map(({ value }, i) => {
    return { value, partition: i % 4 };
  });
  await kafka.produce(topic, backlog);
  const producedAt = performance.now();
  await eventually("lag is seen", async () => await prometheus.query(lag) === BACKLOG, WITHIN);
  const behind = await compare("lag in messages, while paused");
  const seconds = await prometheus.query("max(processing_consumer_lag_seconds)");
  const waited = (performance.now() - producedAt) / 1000;
  const isNear = seconds !== null && Math.abs(seconds - waited) < 2 * SCRAPE_SECONDS + 6;
  const inSeconds = {
    what: "lag in seconds, while paused",
    prometheus: seconds,
    measured: waited.toFixed(1),
    isRight: isNear,
  };
  await sendAction(url, { name: "resume", body: { partitions: "all" }, token: TOKEN });
  await eventually("no lag is seen", async () => await prometheus.query(lag) === 0, WITHIN);
  await pause(2_000); // the last commit
  return [behind, inSeconds, await compare("lag in messages, after resuming")];
}

async function checkConnection(
  prometheus: PrometheusServer,
  cluster: KafkaCluster,
): Promise<readonly Checked[]> {
  const [node] = cluster.nodes;
  if (node === undefined) throw new Error("The cluster has no node");
  const results: Checked[] = [];
  const look = async (what: string, expected: number) => {
    const told = async () => await prometheus.query("processing_connected");
    await eventually(what, async () => await told() === expected, WITHIN).catch(() => {});
    const value = await told();
    results.push({
      what,
      prometheus: value,
      measured: String(expected),
      isRight: value === expected,
    });
  };
  await look("connected", 1);
  await node.stop();
  await look("connected, without a broker", 0);
  await node.start();
  await look("connected, with the broker back", 1);
  return results;
}

async function pause(delayMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
}
