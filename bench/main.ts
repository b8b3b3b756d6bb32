/**
 * `deno task bench`: the service beside the clients that one could take instead, on the same topic in one run. README.md
 * says how it measures, and how to add a peer.
 */
import { findKafkaSource, startRealKafka } from "../tests/support/real_kafka.ts";
import { DATA_SETS, type DataSet } from "./data/data_sets.ts";
import { type BenchOptions, BenchUsageError, parseOptions, RATE, USAGE } from "./options.ts";
import { PeerMissing } from "./peers/installs.ts";
import { PEERS } from "./peers/mod.ts";
import type { Peer } from "./peers/peer.ts";
import { writeDocs } from "./report/docs.ts";
import { plainText, tableOf } from "./report/table.ts";
import { keepSection, readResults, type Row, type Section } from "./results.ts";
import { measureBacklog } from "./run/backlog.ts";
import { endOnSignal } from "./run/ending.ts";
import { describeCommit, describeMachine, describeVersions } from "./run/machine.ts";
import { measuringMissing } from "./run/proc.ts";
import { measureRate, RATE_MESSAGES_A_SECOND } from "./run/rate.ts";
import { startStaticServer } from "./run/static_server.ts";
import { type FilledTopic, type Filling, fillKafkaTopic } from "./run/topics.ts";

const EXIT_USAGE = 64;
const EXIT_FAILED = 1;
/** Of the cores, by the load average of a minute. */
const BUSY_SHARE = 0.5;

/** Where messages are put, and read from. */
interface Broker {
  readonly kind: string;
  readonly description: string;
  readonly fill: (filling: Filling) => Promise<FilledTopic>;
}

if (import.meta.main) Deno.exitCode = await main();

async function main(): Promise<number> {
  const missing = measuringMissing();
  if (missing !== null) throw new Error(`Measure on another machine: ${missing}`);
  let options: BenchOptions;
  try {
    options = parseOptions(Deno.args);
  } catch (error) {
    if (!(error instanceof BenchUsageError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  warnOfLoad(options);
  const sections = await measureAll(options);
  const failed = sections.flatMap(({ rows }) => rows).filter(({ missing }) => missing !== null);
  return failed.some(({ isOurs }) => isOurs) ? EXIT_FAILED : 0;
}

/** What else the machine does ends up in the numbers. */
function warnOfLoad({ isQuick }: BenchOptions): void {
  const load = Deno.loadavg()[0] ?? 0;
  if (isQuick || load < BUSY_SHARE * navigator.hardwareConcurrency) return;
  console.log(`The machine is busy, numbers will say little: load ${load.toFixed(1)}`);
}

async function measureAll(options: BenchOptions): Promise<readonly Section[]> {
  const sections: Section[] = [];
  for (const kind of options.brokers) {
    if (kind === "static") {
      const description = "the embedded broker with record batches built before";
      const fill = startStaticServer;
      sections.push(...await measureOn({ kind, description, fill }, options));
      continue;
    }
    const source = await findKafkaSource();
    if (source.kind === "none") {
      console.log(`No Apache Kafka here: ${source.reason}`);
      continue;
    }
    await using kafka = await startRealKafka(source);
    using _ending = endOnSignal(() => kafka[Symbol.asyncDispose]());
    const { bootstrap, description } = kafka;
    const fill = (filling: Filling) => fillKafkaTopic(bootstrap, filling);
    sections.push(...await measureOn({ kind, description, fill }, options));
    if (options.sets.includes(RATE)) {
      sections.push(await measureAtRate({ kind, description, fill }, bootstrap, options));
    }
  }
  return sections;
}

async function measureOn(broker: Broker, options: BenchOptions): Promise<readonly Section[]> {
  const sections: Section[] = [];
  for (const set of DATA_SETS.filter(({ name }) => options.sets.includes(name))) {
    try {
      const section = await measureSet(broker, set, options);
      await tell(section, options);
      sections.push(section);
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      console.log(`${set.name} is left out: ${error.message}`);
    }
  }
  return sections;
}

async function measureSet(
  broker: Broker,
  set: DataSet,
  { messages: wanted, rounds, only }: BenchOptions,
): Promise<Section> {
  const machine = await describeMachine();
  const messages = wanted ?? set.messages;
  const peers = PEERS.filter((peer) => isMeasured(peer, set, only));
  const onProgress = (line: string) => console.log(`[${broker.kind} ${set.name}] ${line}`);
  const rows = await measureBacklog({
    set,
    messages,
    peers,
    rounds,
    onProgress,
    fill: broker.fill,
  });
  return await sectionOf(broker, {
    set: set.name,
    title: set.title,
    messages,
    rounds,
    rows,
    machine,
  });
}

async function measureAtRate(
  broker: Broker,
  bootstrap: string,
  options: BenchOptions,
): Promise<Section> {
  const { rounds, seconds, only } = options;
  const machine = await describeMachine();
  const peers = PEERS.filter((peer) => only?.includes(peer.name) ?? peer.isAtRate === true);
  const onProgress = (line: string) => console.log(`[${broker.kind} ${RATE}] ${line}`);
  const rows = await measureRate({ bootstrap, peers, rounds, seconds, onProgress });
  const messages = RATE_MESSAGES_A_SECOND * seconds;
  const title = `${RATE_MESSAGES_A_SECOND} messages a second, for ${seconds} s`;
  const section = await sectionOf(broker, { set: RATE, title, messages, rounds, rows, machine });
  await tell(section, options);
  return section;
}

async function tell(section: Section, { keeps, isQuick }: BenchOptions): Promise<void> {
  const { title, brokerDescription } = section;
  console.log(`\n${title}, ${brokerDescription}\n${plainText(tableOf(section))}\n`);
  if (isQuick) {
    console.log("A quick run says nothing about speed: mostly how long programs start\n");
  }
  if (!keeps) return;
  await keepSection(section);
  await writeDocs(await readResults());
}

async function sectionOf(
  { kind, description }: Broker,
  measured: Pick<Section, "set" | "title" | "messages" | "rounds" | "machine"> & {
    readonly rows: readonly Row[];
  },
): Promise<Section> {
  return {
    broker: kind,
    brokerDescription: description,
    ...measured,
    date: new Date().toISOString(),
    command: ["deno task bench", ...Deno.args].join(" "),
    commit: await describeCommit(),
    versions: await describeVersions(),
  };
}

function isMeasured(peer: Peer, set: DataSet, only: readonly string[] | null): boolean {
  if (only !== null) return only.includes(peer.name);
  if (peer.isAtRateOnly) return false;
  return set === DATA_SETS[0] || peer.isOnEachSet === true;
}
