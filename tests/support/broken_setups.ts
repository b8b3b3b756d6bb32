/**
 * Set-ups that are broken in one way each, what the doctor must call it, and its own fix, applied: the commands that it
 * prints are taken from the report.
 */
import { systemClock } from "../../src/ops/system_clock.ts";
import type { FindingId } from "../../src/doctor/findings.ts";
import type { Clock } from "../../src/processing/clock.ts";
import { type Acl, aclsOf, allow } from "./acls.ts";
import { commandsOf, type DoctorReport } from "./doctor.ts";
import { events, type TestEvent } from "./events.ts";
import { freePorts } from "./free_ports.ts";
import type { KafkaClient } from "./kafka_client.ts";
import { RawGroup } from "./raw_group.ts";
import { PASSWORD, type SecureKafka, USERS } from "./secure_kafka.ts";
import { sasl, type Settings, tls } from "./security_settings.ts";
import { TcpProxy } from "./tcp_proxy.ts";
import { withConnections } from "./with_connections.ts";

export interface DoctorWorld {
  readonly kafka: SecureKafka;
  /** May do everything. */
  readonly client: KafkaClient;
  /** With ten valid events. Of the set-up alone, as the group is. */
  readonly topic: string;
  readonly group: string;
  /** Disposed when the set-up has been mended. */
  readonly resources: AsyncDisposableStack;
}

/** What the doctor is asked with. */
export interface Asked {
  readonly settings: Settings;
  readonly clock?: Clock;
}

export interface BrokenSetup {
  readonly what: string;
  readonly finding: FindingId;
  /** Warnings beside it, of the same cause. */
  readonly warnings?: readonly FindingId[];
  readonly exitCode: 0 | 69 | 77 | 78;
  /** Breaks it, and answers what to ask with. Settings beside topic, group and the plain listener. */
  break(world: DoctorWorld): Asked | Promise<Asked>;
  /** Does what the report says, and answers what to ask with then. */
  fix(report: DoctorReport, world: DoctorWorld): Asked | Promise<Asked>;
}

const HOUR_MS = 3_600_000;
const UNCHANGED: Asked = { settings: {} };

export const BROKEN_SETUPS: readonly BrokenSetup[] = [
  {
    what: "a wrong port",
    finding: "connection_refused",
    exitCode: 69,
    break: () => ({ settings: { KAFKA_BROKERS: `127.0.0.1:${freePorts(1)[0]}` } }),
    fix: () => UNCHANGED,
  },
  {
    what: "an advertised address that is dead",
    finding: "advertised_unreachable",
    exitCode: 69,
    break: ({ kafka }) => at(kafka, "ELSEWHERE", {}),
    async fix(_, { kafka, resources }) {
      resources.use(await TcpProxy.start(kafka.bootstrap("PLAINTEXT"), kafka.elsewherePort));
      return at(kafka, "ELSEWHERE", {});
    },
  },
  {
    what: "plaintext on a port with TLS",
    finding: "tls_expected",
    exitCode: 69,
    break: ({ kafka }) => at(kafka, "TLS", {}),
    fix: (_, { kafka }) => at(kafka, "TLS", tls(kafka)),
  },
  {
    what: "an authority that did not sign the broker's certificate",
    finding: "certificate_untrusted",
    exitCode: 78,
    break: ({ kafka }) =>
      at(kafka, "TLS", { ...tls(kafka), KAFKA_TLS_CA: kafka.certificates.strangerCa }),
    fix: (_, { kafka }) => at(kafka, "TLS", tls(kafka)),
  },
  {
    what: "an expired certificate",
    finding: "certificate_out_of_date",
    exitCode: 69,
    break: ({ kafka }) => at(kafka, "EXPIRED", tls(kafka)),
    async fix(_, { client, kafka }) {
      const { keystore } = kafka.certificates.server;
      await client.setBrokerConfig(1, { "listener.name.expired.ssl.keystore.location": keystore });
      return at(kafka, "EXPIRED", tls(kafka));
    },
  },
  {
    what: "a wrong password",
    finding: "wrong_credentials",
    exitCode: 77,
    break: ({ kafka }) =>
      at(kafka, "SASL", { ...sasl("scram-sha-256"), KAFKA_SASL_PASSWORD: `not ${PASSWORD}` }),
    fix: (_, { kafka }) => at(kafka, "SASL", sasl("scram-sha-256")),
  },
  ...[
    { what: "no right to see the topic", user: USERS.noTopic },
    { what: "no right to read the topic", user: USERS.noRead },
    { what: "no right to see the group", user: USERS.noGroup },
    { what: "no right to join the group", user: USERS.noJoin },
    { what: "no right to write dead letters", user: USERS.noCreate, deadLetters: true },
    { what: "no right to create the dead-letter topic", user: USERS.noCreate },
  ].map(missingRight),
  {
    ...missingRight({ what: "no right to redrive", user: USERS.noRedrive }),
    finding: "redrive_right_missing",
    warnings: [],
    exitCode: 0,
    async break(world) {
      const { client, group, kafka, topic } = world;
      const letters = await client.createTopic({ name: `${topic}.dlq` });
      const principal = `User:${USERS.noRedrive}`;
      const acls: readonly Acl[] = [
        { principal, resource: "group", name: group, operation: "read" },
        { principal, resource: "topic", name: letters, operation: "write" },
      ];
      const to = kafka.address("PLAINTEXT");
      await withConnections((caller) => allow(acls, { caller, to }));
      return at(kafka, "SASL", sasl("scram-sha-256", USERS.noRedrive));
    },
  },
  {
    what: "a topic that is missing",
    finding: "topic_missing",
    exitCode: 69,
    break: ({ client }) => ({ settings: { KAFKA_TOPIC: client.unique("missing") } }),
    async fix(report, { client }) {
      const [, name = "", partitions = ""] = inCommands(report, /--topic (\S+) --partitions (\d+)/);
      await client.createTopic({ name, partitions: Number(partitions) });
      return { settings: { KAFKA_TOPIC: name } };
    },
  },
  {
    what: "members with an assignor of their own",
    finding: "group_assignor_foreign",
    exitCode: 78,
    async break({ kafka, group, topic, resources }) {
      const raw = resources.use(await RawGroup.find(kafka.bootstrap("PLAINTEXT"), group));
      resources.defer(await raw.join(topic, "homemade"));
      return UNCHANGED;
    },
    async fix(_, { resources }) {
      await resources.disposeAsync(); // it leaves
      return UNCHANGED;
    },
  },
  {
    what: "offsets below the start of the log",
    finding: "offsets_below_start",
    exitCode: 0,
    async break({ kafka, client, group, topic }) {
      using raw = await RawGroup.find(kafka.bootstrap("PLAINTEXT"), group);
      await raw.commit(topic, 0, 2);
      await client.deleteBefore(topic, 0, 5);
      return UNCHANGED;
    },
    async fix(report, { kafka, client, group }) {
      const [, topic = "", partition = ""] = inCommands(
        report,
        /--to-earliest --topic (\S+):(\d+)/,
      );
      using raw = await RawGroup.find(kafka.bootstrap("PLAINTEXT"), group);
      const [earliest = -1] = await client.startOffsets(topic);
      await raw.commit(topic, Number(partition), earliest);
      return UNCHANGED;
    },
  },
  {
    what: "a batch that cannot be read",
    finding: "batch_unreadable",
    exitCode: 0,
    async break({ kafka, client, topic }) {
      await damageFirstBatch(`${kafka.dataDirectory}/${topic}-0/00000000000000000000.log`);
      await client.produce(topic, valid(2));
      return UNCHANGED;
    },
    async fix(report, { kafka, group }) {
      const found = inCommands(report, /--to-offset (\d+) --topic (\S+):(\d+)/);
      const [, offset = "", topic = "", partition = ""] = found;
      using raw = await RawGroup.find(kafka.bootstrap("PLAINTEXT"), group);
      await raw.commit(topic, Number(partition), Number(offset));
      return UNCHANGED;
    },
  },
  {
    what: "a clock that is an hour ahead",
    finding: "clock_off",
    exitCode: 78,
    break: () => ({ settings: {}, clock: shifted(HOUR_MS) }),
    fix: () => UNCHANGED,
  },
  {
    what: "a clock that is an hour behind",
    finding: "clock_off",
    exitCode: 78,
    break: () => ({ settings: {}, clock: shifted(-HOUR_MS) }),
    fix: () => UNCHANGED,
  },
  {
    what: "a port that another program has",
    finding: "http_port_taken",
    exitCode: 78,
    break({ resources }) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      resources.defer(() => listener.close());
      return { settings: { HTTP_PORT: String(listener.addr.port) } };
    },
    async fix(report, { resources }) {
      const [, port = ""] = inCommands(report, /sport = :(\d+)/);
      await resources.disposeAsync(); // that program ends
      return { settings: { HTTP_PORT: port } };
    },
  },
];

/** Events that are valid. */
export function valid(seed: number): readonly TestEvent[] {
  return events({ seed, count: 10 });
}

function at(
  kafka: SecureKafka,
  listener: Parameters<SecureKafka["bootstrap"]>[0],
  settings: Settings,
): Asked {
  return { settings: { KAFKA_BROKERS: kafka.bootstrap(listener), ...settings } };
}

/** Mended by the very kafka-acls.sh commands of the report. */
function missingRight(
  { what, user, deadLetters = false }: {
    readonly what: string;
    readonly user: string;
    /** The dead-letter topic is there. */
    readonly deadLetters?: boolean;
  },
): BrokenSetup {
  const asked = ({ kafka }: DoctorWorld) => at(kafka, "SASL", sasl("scram-sha-256", user));
  return {
    what,
    finding: "right_missing",
    warnings: ["redrive_right_missing"],
    exitCode: 77,
    async break(world) {
      if (deadLetters) await world.client.createTopic({ name: `${world.topic}.dlq` });
      return asked(world);
    },
    async fix(report, world) {
      const to = world.kafka.address("PLAINTEXT");
      const acls = commandsOf(report).flatMap(aclsOf);
      await withConnections((caller) => allow(acls, { caller, to }));
      return asked(world);
    },
  };
}

function inCommands(report: DoctorReport, pattern: RegExp): RegExpExecArray {
  for (const command of commandsOf(report)) {
    const match = pattern.exec(command);
    if (match !== null) return match;
  }
  throw new Error(`No command is like ${pattern}: ${commandsOf(report).join("\n")}`);
}

/** This machine's clock, but wrong by so much. */
export function shifted(byMs: number): Clock {
  return { ...systemClock, wallTime: () => systemClock.wallTime() + byMs };
}

/** Turns one bit around in the middle of what is there: brokers send what lies on their disk. */
async function damageFirstBatch(path: string): Promise<void> {
  using file = await Deno.open(path, { read: true, write: true });
  const middle = Math.floor((await file.stat()).size / 2);
  const byte = new Uint8Array(1);
  await file.seek(middle, Deno.SeekMode.Start);
  await file.read(byte);
  byte[0] = (byte[0] ?? 0) ^ 0x10;
  await file.seek(middle, Deno.SeekMode.Start);
  await file.write(byte);
}
