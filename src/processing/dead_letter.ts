/**
 * What a dead letter looks like: key and value bytes as received, the original headers, then `__dlq.errors.*` (the
 * names of Apache Kafka's own dead letters, KIP-1191) and `__dlq.processing.*` of ours. Numbers are text. A message
 * that has been a dead letter before keeps its first origin and gets the last error.
 */
import { createHash } from "node:crypto";
import { fingerprintOf } from "./fingerprint.ts";
import type { Coordinates, Header, Message } from "./message.ts";
import type { Original } from "./original.ts";
import type { Failure, StoredDeadLetter } from "./telemetry.ts";

/** A record for the dead-letter topic of its source. */
export interface DeadLetter {
  readonly source: Coordinates;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly Header[];
  /** Where the letter lies of which this is the next; none of a message that was never one. */
  readonly from?: Coordinates;
  /** How often it was redriven. */
  readonly replays?: number;
  /** Of the record, in milliseconds since 1970; the time of sending by default. */
  readonly timestamp?: number;
}

/** Where dead letters go. */
export interface DeadLetterSink {
  /**
   * Resolves only when the broker has acknowledged the record. Settles within a deadline of its own.
   *
   * @throws DeadLetterRefused when the broker will never take this record, anything else when it may later
   */
  send(
    letter: DeadLetter,
    options: { readonly compressed: boolean; readonly signal: AbortSignal },
  ): Promise<Coordinates>;
}

/** The broker will never take this record as it is: too large, or invalid. */
export class DeadLetterRefused extends Error {
  override readonly name = "DeadLetterRefused";
}

/** What is known of the failure. Times are milliseconds since 1970. */
export interface DeadLetterFacts {
  readonly failure: Failure;
  readonly attempts: number;
  readonly firstFailedAt: number;
  readonly lastFailedAt: number;
  readonly groupId: string;
  readonly serviceVersion: string;
  /** The message was redriven: it was a letter before. */
  readonly original?: Original;
  /** The value is a whole record batch that could not be read, and these are its offsets. */
  readonly batch?: BatchRange;
}

/** Offsets that a batch stands for. */
export interface BatchRange {
  /** The first that was not read, and the last. */
  readonly first: number;
  readonly last: number;
  /** Where the batch begins, as its header says: before `first` where a part of it was read before. */
  readonly base: number;
}

/** What is left out so that the broker takes the rest. */
export interface Reduction {
  readonly reduced: StoredDeadLetter["reduced"];
  readonly compressed: boolean;
  readonly hasValue: boolean;
  /** Key and original headers. */
  readonly hasRest: boolean;
}

/** In the order in which they are tried; the last one has nothing that its producer chose. */
export const REDUCTIONS: readonly Reduction[] = [
  { reduced: "no", compressed: false, hasValue: true, hasRest: true },
  { reduced: "compressed", compressed: true, hasValue: true, hasRest: true },
  { reduced: "without_value", compressed: true, hasValue: false, hasRest: true },
  { reduced: "without_value", compressed: false, hasValue: false, hasRest: false },
];

/** Builds the record. What a reduction leaves out is described in headers: sizes, and the value's SHA-256. */
export function deadLetterFor(
  message: Message,
  { facts, reduction }: { readonly facts: DeadLetterFacts; readonly reduction: Reduction },
): DeadLetter {
  const { topic, partition, offset, key, value } = message;
  const kept = message.headers.filter(([name]) => !isOurs(name));
  const texts = [
    ...errorTexts(message, facts),
    ...(reduction.hasValue ? [] : valueTexts(value)),
    ...(reduction.hasRest ? [] : restTexts(key, kept)),
  ];
  return {
    source: { topic, partition, offset },
    key: reduction.hasRest ? key : null,
    value: reduction.hasValue ? value : null,
    headers: [...(reduction.hasRest ? kept : []), ...texts.map(header)],
    ...letterBefore(facts),
  };
}

function letterBefore({ original }: DeadLetterFacts): Pick<DeadLetter, "from" | "replays"> {
  return original === undefined ? {} : { from: original.from, replays: original.replays };
}

type Text = readonly [name: string, text: string, maxBytes?: number];

const ERRORS = "__dlq.errors.";
const OURS = "__dlq.processing.";
const TEXT_MAX_BYTES = 1024;
const STACK_MAX_BYTES = 4096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function isOurs(name: string): boolean {
  return name.startsWith(ERRORS) || name.startsWith(OURS);
}

function errorTexts(message: Message, facts: DeadLetterFacts): Text[] {
  const { failure, original } = facts;
  const origin = earlierOrigin(message.headers);
  const first = origin ?? {
    topic: message.topic,
    partition: String(message.partition),
    offset: String(message.offset),
    timestamp: String(message.timestamp),
    firstFailedAt: new Date(original?.firstFailedAt ?? facts.firstFailedAt).toISOString(),
    replays: "0",
  };
  const texts: Text[] = [
    [`${ERRORS}topic`, first.topic],
    [`${ERRORS}partition`, first.partition],
    [`${ERRORS}offset`, first.offset],
    [`${ERRORS}group`, facts.groupId],
    [`${ERRORS}delivery.count`, String(facts.attempts)],
    [`${ERRORS}message`, failure.message],
    [`${OURS}stage`, failure.stage],
    [`${OURS}code`, failure.code],
    [`${OURS}fingerprint`, fingerprintOf(failure)],
    [`${OURS}attempts`, String(facts.attempts)],
    [`${OURS}first.failure.time`, first.firstFailedAt],
    [`${OURS}last.failure.time`, new Date(facts.lastFailedAt).toISOString()],
    [`${OURS}original.timestamp`, first.timestamp],
    [`${OURS}replay.count`, original === undefined ? first.replays : String(original.replays)],
    [`${OURS}service.version`, facts.serviceVersion],
  ];
  if (facts.batch !== undefined) texts.push(...batchTexts(facts.batch));
  if (failure.stack !== undefined) texts.push([`${OURS}stack`, failure.stack, STACK_MAX_BYTES]);
  if (original !== undefined) texts.push([`${OURS}last.source`, placeOf(original.from)]);
  else if (origin !== null) texts.push([`${OURS}last.source`, placeOf(message)]);
  return texts;
}

function batchTexts({ first, last, base }: BatchRange): Text[] {
  return [
    [`${OURS}batch.first.offset`, String(first)],
    [`${OURS}batch.last.offset`, String(last)],
    [`${OURS}batch.base.offset`, String(base)],
  ];
}

/** Where a message that comes back from a dead-letter topic was first; null when it was never one. */
function earlierOrigin(headers: readonly Header[]) {
  const read = (name: string) => {
    const content = headers.find(([each]) => each === name)?.[1];
    return content === null || content === undefined ? null : decoder.decode(content);
  };
  const topic = read(`${ERRORS}topic`);
  const partition = read(`${ERRORS}partition`);
  const offset = read(`${ERRORS}offset`);
  if (topic === null || topic === "" || !isCount(partition) || !isCount(offset)) return null;
  const replays = read(`${OURS}replay.count`);
  return {
    topic,
    partition,
    offset,
    timestamp: read(`${OURS}original.timestamp`) ?? "-1",
    firstFailedAt: read(`${OURS}first.failure.time`) ?? "",
    replays: isCount(replays) ? replays : "0",
  };
}

function isCount(text: string | null): text is string {
  return text !== null && /^\d{1,16}$/.test(text);
}

function placeOf({ topic, partition, offset }: Coordinates): string {
  return `${topic}/${partition}/${offset}`;
}

function valueTexts(value: Uint8Array | null): Text[] {
  const bytes = value ?? new Uint8Array();
  return [
    [`${OURS}value.bytes`, String(bytes.length)],
    [`${OURS}value.sha256`, createHash("sha256").update(bytes).digest("hex")],
  ];
}

function restTexts(key: Uint8Array | null, headers: readonly Header[]): Text[] {
  const bytes = headers.reduce(
    (sum, [name, content]) => sum + encoder.encode(name).length + (content?.length ?? 0),
    0,
  );
  return [
    [`${OURS}key.bytes`, key === null ? "-1" : String(key.length)],
    [`${OURS}headers.count`, String(headers.length)],
    [`${OURS}headers.bytes`, String(bytes)],
  ];
}

/** Cut at a character, not inside one. */
function header([name, text, maxBytes = TEXT_MAX_BYTES]: Text): Header {
  const room = new Uint8Array(maxBytes);
  const { written } = encoder.encodeInto(text, room);
  return [name, room.slice(0, written)];
}
