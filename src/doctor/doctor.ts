/**
 * Examines a set-up: all checks at the same time as far as one does not need the other, each with a deadline. Nothing is
 * changed: no topic is created, nothing committed, no group joined or made (tests/integration/doctor_test.ts).
 */
import { X509Certificate } from "node:crypto";
import type { Config, LoadedConfig } from "../config.ts";
import { deadLetterTopics } from "../dead_letters/source.ts";
import { securityFrom, SILENT_KAFKAJS_LOGGER } from "../kafka/client.ts";
import { Connections } from "../kafka/connections.ts";
import type { Clock } from "../processing/clock.ts";
import { type Probe, probeAdvertised, probeBootstrap } from "./brokers.ts";
import { checkClock } from "./clock_skew.ts";
import { ClusterView, type Examination, guard } from "./examination.ts";
import { type Facts, type Section, SECTIONS } from "./finding.ts";
import { checkGroup, lookUpGroup } from "./group.ts";
import {
  checkCodecs,
  checkHttpPort,
  checkOpenFiles,
  checkOwnCertificate,
  checkPermissions,
  checkSettings,
  invalidSettings,
} from "./machine.ts";
import { checkMessages, takeSamples } from "./messages.ts";
import { checkOffsets, readStandings } from "./offsets.ts";
import { type Result, Verdicts } from "./result.ts";
import { checkRedriveRights, parkedTopics } from "./redrive_rights.ts";
import { checkRights } from "./rights.ts";
import { checkTopics } from "./topics.ts";

export interface DoctorOptions {
  readonly clock: Clock;
  /** What is being waited for, each time that changes. */
  readonly onProgress: (waitingFor: readonly Section[]) => void;
}

/** No network is slow enough for more; who set less is asked to wait less. */
const DEADLINE_MAX_MS = 3_000;

/** Settings that cannot work: nothing that depends on them can be looked at. */
export async function examineWithoutConfig(
  problems: readonly string[],
): Promise<readonly Result[]> {
  const verdicts = new Verdicts({});
  return [
    ...invalidSettings(verdicts, problems),
    ...await checkCodecs(verdicts),
    ...await checkPermissions(verdicts),
  ];
}

/** Every check, in the order of the report. Never rejects because of what it finds. */
export async function examine(
  { config, rows, unknown }: LoadedConfig,
  options: DoctorOptions,
): Promise<readonly Result[]> {
  const { clock } = options;
  const verdicts = new Verdicts(commonFacts(config));
  const deadlineMs = Math.min(config.requestTimeoutMs, DEADLINE_MAX_MS);
  const security = securityFrom(config, {
    clock,
    requestTimeoutMs: deadlineMs,
    // What comes of a token, connections say.
    telemetry: { tokenFailed() {}, tokenIssuedAgain() {} },
  });
  const caller = new Connections({
    ssl: security.ssl,
    sasl: security.sasl,
    clientId: config.kafkaClientId,
    connectionTimeoutMs: Math.min(config.socketConnectionSetupTimeoutMs, DEADLINE_MAX_MS),
    requestTimeoutMs: deadlineMs,
    clock,
    kafkajsLogger: SILENT_KAFKAJS_LOGGER,
  });
  const examination = { config, clock, caller, verdicts, deadlineMs };
  try {
    const kafka = examineKafka(examination, options);
    const machine = [
      ...checkSettings({ config, verdicts }, { rows, unknown }),
      ...checkOwnCertificate({ config, verdicts }, clock.wallTime()),
      ...await checkCodecs(verdicts),
      ...await checkPermissions(verdicts),
      ...await checkHttpPort(config, verdicts),
    ];
    const { results, brokers } = await kafka;
    // Last: where the limit is low, it would be the connections that fail.
    const files = checkOpenFiles(verdicts, Math.max(brokers, config.kafkaBrokers.length));
    return inOrder([...machine, ...files, ...results]);
  } finally {
    caller.close();
    security.stop();
  }
}

interface KafkaResults {
  readonly results: readonly Result[];
  /** How many there are. */
  readonly brokers: number;
}

async function examineKafka(
  examination: Examination,
  { onProgress }: DoctorOptions,
): Promise<KafkaResults> {
  const { config } = examination;
  onProgress(["Brokers"]);
  const topics = [...config.kafkaTopic, ...deadLetterTopics(config), ...parkedTopics(config)];
  const bootstrap = await probeBootstrap(examination, [...new Set(topics)]);
  const results = bootstrap.map(({ result }) => result);
  const view = viewOf(bootstrap);
  if (view === null) {
    return { results: [...results, nobodyToAsk(examination)], brokers: 0 };
  }
  const waiting = new Set<Section>();
  const awaited = async (section: Section, work: Promise<readonly Result[]>) => {
    waiting.add(section);
    const found = await work;
    waiting.delete(section);
    onProgress([...waiting]);
    return found;
  };
  const found = await Promise.all([
    awaited(
      "Brokers",
      probeAdvertised(examination, view.brokers)
        .then((probes) => probes.map(({ result }) => result)),
    ),
    awaited("Topics", checkTopics(examination, view)),
    awaited("Group", inspectGroup(examination, view)),
    awaited("Rights", checkRedriveRights(examination, view)),
  ]);
  return { results: [...results, ...found.flat()], brokers: view.brokers.length };
}

/** As the first one sees it that answered. */
function viewOf(probes: readonly Probe[]): ClusterView | null {
  for (const { address, answer } of probes) {
    if (answer !== null) return new ClusterView(answer, address);
  }
  return null;
}

function nobodyToAsk({ verdicts }: Examination): Result {
  const check = { section: "Brokers", name: "the rest" } as const;
  return verdicts.skipped(check, "Topics, rights, group and messages: no broker to ask");
}

/** All that follows from who coordinates the group. */
async function inspectGroup(
  examination: Examination,
  view: ClusterView,
): Promise<readonly Result[]> {
  const guarded = (section: Section, work: () => Promise<readonly Result[]>) =>
    guard(examination, { section, name: section.toLowerCase() }, work);
  const groupId = examination.config.kafkaGroupId;
  const group = await lookUpGroup(examination, { view, groupId });
  const standings = readStandings(examination, { view, group });
  const samples = standings.then((known) => takeSamples(examination, known));
  const found = await Promise.all([
    guarded("Rights", () => Promise.resolve(checkRights(examination, { view, group }))),
    guarded("Group", () => checkGroup(examination, group)),
    guarded("Group", async () => checkOffsets(examination, { standings: await standings, group })),
    guarded("Messages", async () => {
      const [known, taken] = await Promise.all([standings, samples]);
      const partitions = view.partitionsOf(examination.config.kafkaTopic);
      return checkMessages(examination, { partitions, standings: known, samples: taken });
    }),
    guarded("This machine", () => checkClock(examination, { view, samples })),
  ]);
  return found.flat();
}

/** By section; within one, as they came. */
function inOrder(results: readonly Result[]): readonly Result[] {
  return results.toSorted((a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section));
}

/** What commands in the report need: how Kafka's own tools reach the cluster, and who we are there. */
function commonFacts(config: Config): Facts {
  const isPlain = !config.kafkaTlsEnabled && config.kafkaSaslMechanism === "none";
  const [broker = ""] = config.kafkaBrokers.map(String);
  const tools = isPlain ? "" : " --command-config admin.properties";
  return {
    cluster: `--bootstrap-server ${broker}${tools}`,
    group: config.kafkaGroupId,
    principal: principalOf(config),
  };
}

/** As a broker calls us that does not map names: by user, or by the subject of our certificate. */
function principalOf({ kafkaSaslMechanism, kafkaSaslUsername, kafkaTlsCert }: Config): string {
  if (kafkaSaslMechanism !== "none") return `User:${kafkaSaslUsername ?? "<user of the token>"}`;
  if (kafkaTlsCert === null) return "User:ANONYMOUS";
  const { subject } = new X509Certificate(kafkaTlsCert.read());
  return `User:${subject.split("\n").reverse().join(",")}`;
}
