/**
 * The configuration of a topic, by Kafka's own names. Acted on here: `max.message.bytes`, `retention.bytes` and
 * `min.insync.replicas`. The others are kept and described, so that whoever sets or reads them finds them. Time drops
 * nothing here and keeps nothing: `retention.ms=-1`, which a dead-letter topic has, does not lift the bound on bytes.
 */

/** One setting as DescribeConfigs shows it. */
export interface ConfigEntry {
  readonly name: string;
  readonly value: string;
  readonly isDefault: boolean;
  readonly type: ConfigType;
}

export type ConfigType = "string" | "int" | "long" | "list" | "boolean";

/** A setting that no topic has, or a value that does not fit it. */
export class TopicConfigError extends Error {
  override readonly name = "TopicConfigError";
}

interface Known {
  readonly type: ConfigType;
  readonly value: string;
  readonly oneOf?: readonly string[];
}

const KNOWN: Readonly<Record<string, Known>> = {
  "cleanup.policy": { type: "list", value: "delete", oneOf: ["delete", "compact"] },
  "compression.type": {
    type: "string",
    value: "producer",
    oneOf: ["producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"],
  },
  "delete.retention.ms": { type: "long", value: "86400000" },
  "file.delete.delay.ms": { type: "long", value: "60000" },
  "flush.messages": { type: "long", value: "9223372036854775807" },
  "flush.ms": { type: "long", value: "9223372036854775807" },
  "max.compaction.lag.ms": { type: "long", value: "9223372036854775807" },
  "max.message.bytes": { type: "int", value: "1048588" },
  "message.timestamp.type": { type: "string", value: "CreateTime", oneOf: ["CreateTime"] },
  "min.compaction.lag.ms": { type: "long", value: "0" },
  "min.insync.replicas": { type: "int", value: "1" },
  "retention.bytes": { type: "long", value: "-1" },
  "retention.ms": { type: "long", value: "604800000" },
  "segment.bytes": { type: "int", value: "1073741824" },
  "segment.ms": { type: "long", value: "604800000" },
  "unclean.leader.election.enable": { type: "boolean", value: "false", oneOf: ["true", "false"] },
};

/** Values by name. */
export type ConfigValues = Readonly<Record<string, string>>;

export class TopicConfigs {
  readonly #defaults: ConfigValues;
  readonly #values = new Map<string, string>();

  /**
   * `defaults` are the broker's own, over Kafka's.
   *
   * @throws TopicConfigError when one is unknown or does not fit
   */
  constructor(options: { readonly defaults: ConfigValues; readonly values?: ConfigValues }) {
    this.#defaults = options.defaults;
    this.replaceAll(options.values ?? {});
  }

  get maxMessageBytes(): number {
    return Number(this.#get("max.message.bytes"));
  }

  /**
   * Below 0: no bound, which only the broker can say. A topic that asks for none has the broker's: all logs are in
   * memory, and a client must not be able to fill it.
   */
  get retentionBytes(): number {
    const own = Number(this.#get("retention.bytes"));
    return own >= 0 ? own : Number(this.#defaults["retention.bytes"] ?? own);
  }

  get minInSyncReplicas(): number {
    return Number(this.#get("min.insync.replicas"));
  }

  entries(): readonly ConfigEntry[] {
    return Object.entries(KNOWN).map(([name, { type }]) => ({
      name,
      type,
      value: this.#get(name),
      isDefault: !this.#values.has(name),
    }));
  }

  /** Sets these, and all others back to their defaults. Nothing changes when it throws. */
  replaceAll(values: ConfigValues): void {
    for (const [name, value] of Object.entries(values)) checkConfig(name, value);
    this.#values.clear();
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }

  /** Sets these, null sets back to the default. Nothing changes when it throws. */
  change(values: Readonly<Record<string, string | null>>): void {
    for (const [name, value] of Object.entries(values)) checkConfig(name, value);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) this.#values.delete(name);
      else this.#values.set(name, value);
    }
  }

  #get(name: string): string {
    return this.#values.get(name) ?? this.#defaults[name] ?? KNOWN[name]?.value ?? "";
  }
}

/**
 * Throws when no topic has such a setting, or the value does not fit.
 *
 * @throws TopicConfigError
 */
export function checkConfig(name: string, value: string | null): void {
  const known = Object.hasOwn(KNOWN, name) ? KNOWN[name] : undefined;
  if (known === undefined) throw new TopicConfigError(`Unknown topic config name: ${name}`);
  if (value === null) return;
  const isNumber = known.type === "int" || known.type === "long";
  const fits = isNumber
    ? /^-?\d+$/.test(value)
    : value.split(",").every((each) => known.oneOf?.includes(each.trim()) ?? true);
  if (!fits) throw new TopicConfigError(`Invalid value for configuration ${name}: ${value}`);
}
