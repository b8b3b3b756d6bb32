/**
 * A record of a dead-letter topic, read into one shape whoever wrote it. Nothing that a header holds can make it throw:
 * what is not there, or not to be understood, is null.
 */
import { fingerprintOf } from "../processing/fingerprint.ts";
import type { Coordinates, Header, Message } from "../processing/message.ts";
import type { Original } from "../processing/original.ts";
import { type Family, type FamilyName, familyOf, originalHeaders, OURS } from "./families.ts";

export interface Letter {
  /** Where it lies in the dead-letter topic. */
  readonly place: Coordinates;
  readonly family: FamilyName;
  /** Where it failed, in the writer's words: `validate`, `VALUE_CONVERTER`. */
  readonly stage: string | null;
  /** A short name for what failed: our code, or the class of an exception. */
  readonly code: string | null;
  /** For people. One of ours holds nothing of the message; others' may. */
  readonly reason: string | null;
  /** As it was written; where it was not, made of stage and code. Null where nothing is known of the cause. */
  readonly fingerprint: string | null;
  /** Milliseconds since 1970, a date: the last failure; where nobody says, the record's timestamp. -1 unknown. */
  readonly failedAt: number;
  readonly attempts: number | null;
  /** How often it was redriven and came back. */
  readonly replays: number;
  /** The group or the connector that gave up. */
  readonly group: string | null;
  readonly source: LetterSource;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** Those that the message had before it became a dead letter. */
  readonly headers: readonly Header[];
  /** Why it can never be redriven. */
  readonly obstacle: Obstacle | null;
}

/** Where the message was first. */
export interface LetterSource {
  readonly topic: string | null;
  readonly partition: number | null;
  readonly offset: number | null;
  /** Milliseconds since 1970. */
  readonly timestamp: number | null;
}

/** `raw_batch`: the value is a whole batch that cannot be read. `value_left_out`: the broker did not take the value. */
export type Obstacle = "raw_batch" | "value_left_out";

export function parseLetter(record: Message): Letter {
  const family = familyOf(record.headers);
  const read = new HeaderReader(record.headers);
  const stage = read.text(family.stage);
  const code = classOf(read.text(family.code));
  const isOurs = family.name === "ours";
  const written = isOurs ? read.text([`${OURS}fingerprint`]) : null;
  return {
    place: { topic: record.topic, partition: record.partition, offset: record.offset },
    family: family.name,
    stage,
    code,
    reason: read.text(family.reason),
    fingerprint: written !== null && FINGERPRINT.test(written)
      ? written
      : fingerprintFor(family, { stage, code }),
    failedAt: (isOurs ? read.time(`${OURS}last.failure.time`) : null) ?? dateOf(record.timestamp),
    attempts: read.count(family.attempts),
    replays: (isOurs ? read.count([`${OURS}replay.count`]) : null) ?? 0,
    group: read.text(family.group),
    source: sourceOf(record, { family, read }),
    key: record.key,
    value: record.value,
    headers: originalHeaders(record.headers, family),
    obstacle: isOurs ? obstacleOf(read) : null,
  };
}

/**
 * The message as it was before it became a dead letter, for validation and handlers. What the letter does not say of
 * its place is where the letter lies; its timestamp is -1 then.
 */
export function messageOf({ place, source, key, value, headers }: Letter): Message {
  const isKnown = source.topic !== null && source.partition !== null && source.offset !== null;
  return {
    topic: source.topic ?? place.topic,
    partition: isKnown ? source.partition : place.partition,
    offset: isKnown ? source.offset : place.offset,
    timestamp: source.timestamp ?? -1,
    key,
    value,
    headers,
    leaderEpoch: -1,
  };
}

/** What a record of a dead-letter topic was, for a redrive. */
export function originalOf(record: Message): Original {
  const letter = parseLetter(record);
  const isOurs = letter.family === "ours";
  return {
    message: messageOf(letter),
    replays: letter.replays + 1,
    firstFailedAt: isOurs
      ? new HeaderReader(record.headers).time(`${OURS}first.failure.time`)
      : null,
    from: letter.place,
  };
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();
/** What else the header holds is none, however long it is. */
const FINGERPRINT = /^[0-9a-f]{6,64}$/;
/** Beyond it there are no dates. */
const DATE_MAX_MS = 8.64e15;

/** -1 for what producers may write and is no time. */
function dateOf(timestamp: number): number {
  return timestamp >= 0 && timestamp <= DATE_MAX_MS ? timestamp : -1;
}

/** Of several headers of one name the first says where a message was, the last why it failed. */
class HeaderReader {
  readonly #headers: readonly Header[];

  constructor(headers: readonly Header[]) {
    this.#headers = headers;
  }

  /** The last one. */
  text(names: readonly string[]): string | null {
    return textIn(this.#find(names, "last"));
  }

  /** The first one. */
  firstText(names: readonly string[]): string | null {
    return textIn(this.#find(names, "first"));
  }

  count(names: readonly string[]): number | null {
    return numberIn(this.#find(names, "last"));
  }

  firstCount(names: readonly string[]): number | null {
    return numberIn(this.#find(names, "first"));
  }

  time(name: string): number | null {
    const time = Date.parse(this.text([name]) ?? "");
    return Number.isNaN(time) ? null : time;
  }

  has(name: string): boolean {
    return this.#headers.some(([each]) => each === name);
  }

  #find(names: readonly string[], which: "first" | "last"): Uint8Array | null {
    for (const name of names) {
      const isIt = ([each, content]: Header) => each === name && content !== null;
      const found = which === "first" ? this.#headers.find(isIt) : this.#headers.findLast(isIt);
      if (found !== undefined) return found[1];
    }
    return null;
  }
}

function textIn(content: Uint8Array | null): string | null {
  return content === null ? null : decoder.decode(content);
}

/**
 * Digits, or as Java's ByteBuffer writes an int or a long: big-endian. Bytes that are all digits are text: as a number
 * they would be a partition above 800 million, or an offset that is no safe integer.
 */
function numberIn(content: Uint8Array | null): number | null {
  if (content === null) return null;
  const text = decoder.decode(content);
  if (/^\d{1,16}$/.test(text)) return safeCount(Number(text));
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length === 4) return safeCount(view.getInt32(0));
  return content.length === 8 ? safeCount(Number(view.getBigInt64(0))) : null;
}

function safeCount(number: number): number | null {
  return Number.isSafeInteger(number) && number >= 0 ? number : null;
}

function sourceOf(
  record: Message,
  { family, read }: { readonly family: Family; readonly read: HeaderReader },
): LetterSource {
  const timestamp = family.timestamp === "record"
    ? record.timestamp
    : read.firstCount(family.timestamp) ?? -1;
  return {
    topic: read.firstText(family.topic) || null,
    partition: read.firstCount(family.partition),
    offset: read.firstCount(family.offset),
    timestamp: timestamp < 0 ? null : timestamp,
  };
}

/** Java prints an exception as `Class: message`; a code of ours has neither. */
function classOf(text: string | null): string | null {
  const name = text === null ? undefined : /^[\w.$-]+/.exec(text)?.[0];
  return text === null || name === undefined ? null : cutTo(text, name.length);
}

/** Its first characters, as a text of its own: a mere part would keep the whole in memory. */
export function cutTo(text: string, most: number): string {
  return text.length <= most ? text : decoder.decode(encoder.encode(text.slice(0, most)));
}

function fingerprintFor(
  { name }: Family,
  { stage, code }: { readonly stage: string | null; readonly code: string | null },
): string | null {
  if (code === null) return null;
  return fingerprintOf({ stage: (stage ?? name).replaceAll(/\s+/g, " "), code });
}

function obstacleOf(read: HeaderReader): Obstacle | null {
  if (read.has(`${OURS}batch.first.offset`)) return "raw_batch";
  return read.has(`${OURS}value.sha256`) ? "value_left_out" : null;
}
