/**
 * Tells a misspelt variable from somebody else's. Close to one of ours is an error: a setting that silently stays at
 * its default is worse than a service that does not start. What others are known to set is never ours.
 */
import { distance } from "fastest-levenshtein";
import { flagOf, knownVariables, SETTING_NAMES, settingOf } from "./settings.ts";

/** More edits than this, and it is another word. */
const NEAR = 2;

/** Variables that others are known to set and that look like ours. */
const FOREIGN: readonly RegExp[] = [
  // Kubernetes and Docker links, for a Service of any name: KAFKA_SERVICE_HOST, KAFKA_PORT_9092_TCP_ADDR.
  /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$/,
  /_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/,
  /^KAFKA_(PORT|NAME|ENV_.*)$/,
  // Kafka's scripts, and the images that run brokers and the tools around them.
  /^KAFKA_(HOME|VERSION|OPTS|DEBUG|MODE|HEAP_OPTS|JMX_.*|GC_LOG_OPTS|JVM_PERFORMANCE_OPTS)$/,
  /^KAFKA_LOG(4J|_DIRS?|_RETENTION|_SEGMENT|_CLEAN).*$/,
  /^KAFKA_(CFG|CONTROLLER|ADVERTISED|LISTENERS?|INTER_BROKER|NODE_ID|BROKER_ID|PROCESS_ROLES).*$/,
  /^KAFKA_(ZOOKEEPER|OFFSETS_TOPIC|TRANSACTION_STATE|AUTO_CREATE|DEFAULT_REPLICATION).*$/,
  /^KAFKA_(CLUSTERS|CONNECT|REST|SCHEMA_REGISTRY|UI)_.*$/,
  // Proxies, web servers and what is set around them.
  /^(HTTP|HTTPS|FTP|ALL|NO)_PROXY$/,
  /^(HTTP|HTTPS)_PORTS?$/,
  /^HTTPS_HOST$/,
  /^LOG_(DIRS?|PATH|FILE)$/,
];

const CLUSTER_ADDRESS = /^(tcp|udp|sctp):\/\//;

/** What was found beside the settings. Names only: their values may be anybody's secrets. */
export interface UnknownVariables {
  /** One for each variable that is close to one of ours. */
  readonly problems: readonly string[];
  /** Under our prefixes, not close to a setting, not known to be another's. */
  readonly unknown: readonly string[];
}

export function inspectVariables(
  variables: Readonly<Record<string, string | undefined>>,
): UnknownVariables {
  const known = new Set(knownVariables());
  const problems: string[] = [];
  const unknown: string[] = [];
  for (const [name, value] of Object.entries(variables).sort(([a], [b]) => a < b ? -1 : 1)) {
    if (known.has(name) || isForeign(name, value ?? "")) continue;
    const nearest = nearestVariable(name);
    if (nearest !== null) problems.push(`${name}: ${correction(nearest)}`);
    else if (PREFIXES.some((prefix) => name.startsWith(prefix))) unknown.push(name);
  }
  return { problems, unknown };
}

function isForeign(name: string, value: string): boolean {
  if (FOREIGN.some((pattern) => pattern.test(name.toUpperCase()))) return true;
  return name.endsWith("_PORT") && CLUSTER_ADDRESS.test(value);
}

/** KAFKA_, DLQ_, HTTP_ and so on: the first word of each name that has more than one. */
const PREFIXES: readonly string[] = [
  ...new Set(
    SETTING_NAMES.filter((name) => settingOf(name).kind !== "switch" && name.includes("_"))
      .map((name) => name.slice(0, name.indexOf("_") + 1)),
  ),
];

function nearestVariable(name: string): string | null {
  let nearest: string | null = null;
  let edits = NEAR + 1;
  for (const candidate of [...knownVariables(), ...SWITCHES]) {
    const between = distance(name.toUpperCase(), candidate);
    if (between < edits) [nearest, edits] = [candidate, between];
  }
  return nearest;
}

const SWITCHES: readonly string[] = SETTING_NAMES.filter((name) =>
  settingOf(name).kind === "switch"
);

function correction(nearest: string): string {
  return SWITCHES.includes(nearest)
    ? `not a variable: pass --${flagOf(nearest)}`
    : `unknown, did you mean ${nearest}?`;
}
