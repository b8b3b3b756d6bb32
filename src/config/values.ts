/**
 * How the text of a setting becomes its value: one small parser a kind of value, each with the words that help,
 * docs and error messages share. A parser throws `ValueError` with what was expected, never with the text itself.
 */

import { isIPv6 } from "node:net";

/** A text that does not fit its setting. The message says what was expected. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** One kind of value. */
export interface ValueType<T> {
  /** For the docs: `integer, 1 to 100`. */
  readonly label: string;
  /** For help, behind the flag; null for a switch, which needs no value. */
  readonly placeholder: string | null;
  /** @throws ValueError */
  parse(text: string): T;
  /** The value as one would write it. */
  show(value: T): string;
}

/** A broker's address, before anything is known of it. */
export class Endpoint {
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    this.host = host;
    this.port = port;
  }

  /** `host:port`, an IPv6 address in brackets. */
  toString(): string {
    return this.host.includes(":") ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

export function text(label: string, { maxLength }: { maxLength: number }): ValueType<string> {
  return {
    label,
    placeholder: "TEXT",
    parse(value) {
      if (value === "") throw new ValueError("a text that is not empty");
      if (value.length > maxLength) throw new ValueError(`at most ${maxLength} characters`);
      // deno-lint-ignore no-control-regex
      if (/[\x00-\x1f\x7f]/.test(value)) throw new ValueError("a text without control characters");
      return value;
    },
    show: (value) => value,
  };
}

export function integer(
  { min, max, label }: { min: number; max: number; label?: string },
): ValueType<number> {
  const bounds = `${min} to ${max}`;
  return {
    label: label ?? `integer, ${bounds}`,
    placeholder: "NUMBER",
    parse(value) {
      const number = /^-?\d{1,16}$/.test(value) ? Number(value) : NaN;
      if (!(number >= min && number <= max)) throw new ValueError(`an integer from ${bounds}`);
      return number;
    },
    show: String,
  };
}

export function decimal({ min, max }: { min: number; max: number }): ValueType<number> {
  const bounds = `${min} to ${max}`;
  return {
    label: `number, ${bounds}`,
    placeholder: "NUMBER",
    parse(value) {
      const number = /^\d{1,16}(\.\d{1,9})?$/.test(value) ? Number(value) : NaN;
      if (!(number >= min && number <= max)) throw new ValueError(`a number from ${bounds}`);
      return number;
    },
    show: String,
  };
}

const TRUE = ["true", "1", "yes", "on"];
const FALSE = ["false", "0", "no", "off"];

export function boolean(): ValueType<boolean> {
  return {
    label: "`true` or `false`",
    placeholder: null,
    parse(value) {
      if (TRUE.includes(value.toLowerCase())) return true;
      if (FALSE.includes(value.toLowerCase())) return false;
      throw new ValueError("true or false");
    },
    show: String,
  };
}

/** One of a few names, in any case. `aliases` are taken, too, but not shown. */
export function oneOf<const Name extends string>(
  names: readonly Name[],
  aliases: Readonly<Record<string, NoInfer<Name>>> = {},
): ValueType<Name> {
  return {
    label: names.map((name) => `\`${name}\``).join(", "),
    placeholder: names.join("|"),
    parse(value) {
      const wanted = value.toLowerCase();
      const alias = Object.hasOwn(aliases, wanted) ? aliases[wanted] : undefined;
      const name = names.find((each) => each === wanted) ?? alias;
      if (name === undefined) throw new ValueError(`one of ${names.join(", ")}`);
      return name;
    },
    show: (value) => value,
  };
}

/** `type`, or one word that stands for `meaning`. */
export function or<T, const Meaning>(
  type: ValueType<T>,
  { word, meaning }: { word: string; meaning: Meaning },
): ValueType<T | Meaning> {
  return {
    label: `${type.label}, or \`${word}\``,
    placeholder: `${type.placeholder}|${word}`,
    parse(value) {
      if (value.toLowerCase() === word) return meaning;
      try {
        return type.parse(value);
      } catch (error) {
        throw error instanceof ValueError ? new ValueError(`${error.message}, or ${word}`) : error;
      }
    },
    show: (value) => value === meaning ? word : type.show(value as T),
  };
}

/** What Kafka allows as the name of a topic or of a group instance (`Topic.validate` in its source). */
export function kafkaName(): ValueType<string> {
  return {
    label: "name of letters, digits, `.`, `_`, `-`",
    placeholder: "NAME",
    parse(value) {
      if (!isKafkaName(value)) {
        throw new ValueError(
          `a name of at most ${KAFKA_NAME_MAX} letters, digits, ".", "_" and "-"`,
        );
      }
      return value;
    },
    show: (value) => value,
  };
}

export const KAFKA_NAME_MAX = 249;

export function isKafkaName(name: string): boolean {
  return /^[a-zA-Z0-9._-]+$/.test(name) && name.length <= KAFKA_NAME_MAX && !/^\.\.?$/.test(name);
}

/** More than `part` out of `whole`. */
export interface Share {
  readonly part: number;
  readonly whole: number;
}

/** `500/1000`. The part is less than the whole. */
export function share({ max }: { max: number }): ValueType<Share> {
  return {
    label: `two integers, \`500/1000\`, up to ${max}`,
    placeholder: "PART/WHOLE",
    parse(value) {
      const [, part, whole] = /^(\d{1,9})\/(\d{1,9})$/.exec(value) ?? [];
      const parsed = { part: Number(part), whole: Number(whole) };
      if (!(parsed.part < parsed.whole && parsed.whole <= max)) {
        throw new ValueError(`two integers, the smaller one first, as in 500/1000, up to ${max}`);
      }
      return parsed;
    },
    show: ({ part, whole }) => `${part}/${whole}`,
  };
}

/** Comma-separated; spaces, empty items and repetitions do not count, but one item there must be. */
export function list<T>(item: ValueType<T>, label: string): ValueType<readonly T[]> {
  return {
    label,
    placeholder: "LIST",
    parse(value) {
      const items = new Set(value.split(",").map((each) => each.trim()).filter((each) => each));
      if (items.size === 0) throw new ValueError("a comma-separated list of at least one");
      return [...items].map((each) => item.parse(each));
    },
    show: (values) => values.map((each) => item.show(each)).join(","),
  };
}

const EXPECTED_ENDPOINT = "host:port with a port from 1 to 65535, an IPv6 address in brackets";

/** `host`, `host:port`, `[::1]:port`. */
export function endpoint({ defaultPort }: { defaultPort: number }): ValueType<Endpoint> {
  return {
    label: "host:port",
    placeholder: "HOST:PORT",
    parse(value) {
      const match = /^(?:\[([^\]]+)\]|([^\s:/@,[\]]+))(?::(\d{1,5}))?$/.exec(value);
      const [, bracketed, plain, digits] = match ?? [];
      const host = bracketed ?? plain;
      const port = digits === undefined ? defaultPort : Number(digits);
      const isLegal = port >= 1 && port <= 65_535 && (bracketed === undefined || isIPv6(bracketed));
      if (host === undefined || !isLegal) throw new ValueError(EXPECTED_ENDPOINT);
      return new Endpoint(host, port);
    },
    show: String,
  };
}

/** A host name or address to listen on, without a port. */
export function hostName(): ValueType<string> {
  return {
    label: "host name or address",
    placeholder: "HOST",
    parse(value) {
      const bare = value.replace(/^\[(.*)\]$/, "$1");
      if (!isIPv6(bare) && !/^[^\s:/@,[\]]+$/.test(value)) {
        throw new ValueError("a host name or an address, without a port");
      }
      return bare;
    },
    show: (value) => value,
  };
}

/** A point in time, as one gives it: fixed, or so long before the time at which it is asked. */
export interface Instant {
  /** Milliseconds since 1970. */
  at(now: number): number;
}

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const EXPECTED_INSTANT = "a time like 2024-01-15T10:30:00Z, or an age like 90m, 24h, 7d";

/** RFC 3339, with a zone, or an age. */
export function instant(): ValueType<Instant> {
  return {
    label: "time or age",
    placeholder: "TIME|AGE",
    parse(value) {
      const [, digits, unit = ""] = /^(\d{1,6})([smhd])$/.exec(value) ?? [];
      const ageMs = Number(digits) * (UNIT_MS[unit] ?? NaN);
      if (!Number.isNaN(ageMs)) return { at: (now) => now - ageMs };
      const isTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;
      const time = isTime.test(value) ? Date.parse(value) : NaN;
      if (Number.isNaN(time)) throw new ValueError(EXPECTED_INSTANT);
      return { at: () => time };
    },
    show: (value) => new Date(value.at(0)).toISOString(),
  };
}
