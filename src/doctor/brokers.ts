/**
 * The way to each address: permission, name lookup, TCP, TLS, versions and SASL, as far as it goes. First those of
 * KAFKA_BROKERS, then those that the brokers advertise, because that is where clients are sent on to.
 */
import dns from "node:dns/promises";
import { isIP } from "node:net";
import { outOfDateCertificate } from "../kafka/certificate.ts";
import { brokerName } from "../kafka/connections.ts";
import { diagnose, type DiagnosisKind } from "../kafka/diagnosis.ts";
import { metadata, type MetadataAnswer } from "../kafka/metadata_request.ts";
import { type PeerCertificate, peerCertificate } from "../kafka/peer_certificate.ts";
import type { BrokerAddress } from "../kafka/protocol.ts";
import { addressFacts, ask, diagnosisContext, type Examination } from "./examination.ts";
import type { Check, Result } from "./result.ts";
import { dateText, DAY_MS } from "./text.ts";

/** What came of one address. */
export interface Probe {
  readonly address: BrokerAddress;
  readonly result: Result;
  /** Null when the address did not answer. */
  readonly answer: MetadataAnswer | null;
}

/** A certificate that ends sooner than this is worth a warning. */
export const EXPIRES_SOON_MS = 14 * DAY_MS;

/** Each address of KAFKA_BROKERS. One that fails while another answers is only a warning. */
export async function probeBootstrap(
  examination: Examination,
  topics: readonly string[],
): Promise<readonly Probe[]> {
  const addresses = examination.config.kafkaBrokers
    .map(({ host, port }, index) => ({ id: -1 - index, host, port }));
  const probes = await Promise.all(
    addresses.map((address) => probe(examination, { address, topics, isAdvertised: false })),
  );
  if (probes.every(({ answer }) => answer === null)) return probes;
  return probes.map((each) =>
    each.answer === null ? { ...each, result: soften(each.result) } : each
  );
}

/** Each address that brokers advertise and that is not among those asked already. */
export function probeAdvertised(
  examination: Examination,
  brokers: readonly BrokerAddress[],
): Promise<readonly Probe[]> {
  const asked = new Set(examination.config.kafkaBrokers.map(String));
  return Promise.all(
    brokers.filter((broker) => !asked.has(brokerName(broker)))
      .map((address) => probe(examination, { address, topics: [], isAdvertised: true })),
  );
}

interface ProbeOptions {
  readonly address: BrokerAddress;
  readonly topics: readonly string[];
  readonly isAdvertised: boolean;
}

async function probe(examination: Examination, options: ProbeOptions): Promise<Probe> {
  const { address, topics } = options;
  const check = { section: "Brokers", name: brokerName(address) } as const;
  const refused = await withoutPermission(examination, check);
  if (refused !== null) return { address, result: refused, answer: null };
  const [answer, addresses, certificate] = await Promise.all([
    ask(examination, address, metadata(topics, { withOperations: true }))
      .catch((error: unknown) => ({ error })),
    lookUp(address.host),
    certificateOf(examination, address),
  ]);
  if ("error" in answer) {
    const result = await explain(examination, { check, error: answer.error, certificate, options });
    return { address, result, answer: null };
  }
  const id = address.id >= 0
    ? address.id
    : answer.brokers.find((each) => brokerName(each) === brokerName(address))?.id;
  const result = standing(examination, { check, id, addresses, certificate });
  return { address, result, answer };
}

async function withoutPermission(
  { verdicts }: Examination,
  check: Check,
): Promise<Result | null> {
  const { state } = await Deno.permissions.query({ name: "net", host: check.name });
  if (state === "granted") return null;
  const detail = `The permissions of this process do not include the network address ${check.name}`;
  return verdicts.found(check, "permission_missing", { detail });
}

/** Empty when it cannot be resolved, or is an address itself. */
async function lookUp(host: string): Promise<readonly string[]> {
  if (isIP(host)) return [];
  const found = await dns.lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

async function certificateOf(
  { config, deadlineMs }: Examination,
  address: BrokerAddress,
): Promise<PeerCertificate | null> {
  if (!config.kafkaTlsEnabled) return null;
  return await peerCertificate(address, { servername: config.kafkaTlsServername, deadlineMs });
}

/** The address answered: how, and whether that will last. */
function standing(
  { config, clock, verdicts }: Examination,
  { check, id, addresses, certificate }: {
    readonly check: Check;
    readonly id: number | undefined;
    readonly addresses: readonly string[];
    readonly certificate: PeerCertificate | null;
  },
): Result {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: user } = config;
  const detail = [
    id === undefined ? "advertised by no broker" : `broker ${id}`,
    ...(addresses.length === 0 ? [] : [addresses.join(", ")]),
    config.kafkaTlsEnabled ? "TLS" : "no TLS",
    ...(certificate === null ? [] : [`certificate until ${dateText(certificate.validTo)}`]),
    mechanism === "none" ? "no SASL" : `${mechanism}${user === null ? "" : ` as ${user}`}`,
    "API versions fit",
  ].join("; ");
  if (certificate !== null && certificate.validTo - clock.wallTime() < EXPIRES_SOON_MS) {
    const facts = addressFacts(check.name);
    return verdicts.found(check, "broker_certificate_expires", { detail, facts });
  }
  return verdicts.ok(check, detail);
}

/** How far a connection comes when the address is wrong, rather than what is behind it. */
const UNREACHABLE: ReadonlySet<DiagnosisKind> = new Set([
  "connection_refused",
  "host_unknown",
  "network_unreachable",
  "silent",
  "connection_closed",
]);

async function explain(
  examination: Examination,
  { check, error, certificate, options }: {
    readonly check: Check;
    readonly error: unknown;
    readonly certificate: PeerCertificate | null;
    readonly options: ProbeOptions;
  },
): Promise<Result> {
  const { config, deadlineMs, verdicts } = examination;
  const outOfDate = await outOfDateCertificate(error, {
    ca: config.kafkaTlsCa?.read() ?? null,
    servername: config.kafkaTlsServername,
    deadlineMs,
  });
  const diagnosis = diagnose(error, { ...diagnosisContext(examination), outOfDate });
  const facts = { ...addressFacts(check.name), user: config.kafkaSaslUsername ?? "<user>" };
  if (options.isAdvertised && UNREACHABLE.has(diagnosis.kind)) {
    const detail = `Broker ${options.address.id} advertises it. ${diagnosis.text}`;
    return verdicts.found(check, "advertised_unreachable", { detail, facts });
  }
  const text = withCertificate(diagnosis.text, certificate);
  return verdicts.diagnosed(check, { ...diagnosis, text }, { facts });
}

function withCertificate(text: string, certificate: PeerCertificate | null): string {
  if (certificate === null) return text;
  const { names, validTo } = certificate;
  return `${text}. Its certificate is for ${names || "no name"}, until ${dateText(validTo)}`;
}

function soften(result: Result): Result {
  return { ...result, status: "warning", exitCode: null };
}
