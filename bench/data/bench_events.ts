/**
 * The messages of a data set, from a seed. A pool of different ones is repeated until there are enough: a record batch
 * holds no message twice, so compression finds nothing that a real stream would not have.
 */
import { Buffer } from "node:buffer";
import { SeededRandom } from "../../tests/support/seeded_random.ts";
import type { DataSet } from "./data_sets.ts";
import { addTo, EMPTY_TALLY, type Tally } from "./tally.ts";

/** One message as it is sent. */
export interface BenchMessage {
  readonly key: string;
  readonly value: Buffer;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Null when no peer can take it. */
  readonly fields: BenchFields | null;
}

/** The three fields that handlers read. All of them ASCII, in every set. */
export interface BenchFields {
  readonly event_id: string;
  readonly event_type: string;
  readonly user_id: string;
}

/** As many different messages as a pool has at most; a multiple of the partitions of every set. */
export const POOL_MESSAGES = 64_000;

const SEED = 20_240_115;
/** Large messages are fewer: a pool is held in memory. */
const POOL_BYTES = 64_000_000;
const USERS = 50_000;
const EVENT_TYPES = ["page_view", "button_click", "form_submit", "search", "sign_up"] as const;
const PAGES = ["pricing", "docs/getting-started", "blog/release-notes", "account", "cart"] as const;
const SYSTEMS = ["X11; Linux x86_64", "Macintosh; Intel Mac OS X 14_5", "Windows NT 10.0"] as const;
const SCREENS = ["1920x1080", "2560x1440", "390x844"] as const;
const LANGUAGES = ["en-US", "de-DE", "fr-FR", "ja-JP"] as const;
const UNICODE_WORDS = ["größe", "straße", "naïve", "日本語", "データ", "emoji 🚀", "ключ"] as const;
const ASCII_WORDS = ["size", "street", "plain", "letters", "data", "rocket", "key"] as const;
const WORDS_A_MESSAGE = 3;
/** What the fixed fields of an event take; the rest of `valueBytes` is random text. */
const FRAME_BYTES = 720;
const MIN_FILLER = 8;

/** The pool of a set, smaller when fewer messages are wanted. */
export function makePool(set: DataSet, messages: number): readonly BenchMessage[] {
  const random = new SeededRandom(SEED);
  const size = Math.min(messages, POOL_MESSAGES, POOL_BYTES / set.valueBytes);
  return Array.from({ length: size }, () => makeMessage(set, random));
}

/** What a peer must come to that handles `messages` messages out of the pool. */
export function expectedTally(pool: readonly BenchMessage[], messages: number): Tally {
  const tally = { ...EMPTY_TALLY };
  for (let index = 0; index < messages; index += 1) addTo(tally, at(pool, index).fields);
  return tally;
}

/** The message at a place in the stream. Its partition is the place modulo the number of partitions. */
export function at(pool: readonly BenchMessage[], index: number): BenchMessage {
  return pool[index % pool.length] as BenchMessage;
}

function makeMessage(set: DataSet, random: SeededRandom): BenchMessage {
  const event = makeEvent(set, random);
  const isInvalid = random.chance(set.invalidShare);
  const headers = Array.from(
    { length: set.headers },
    (_, index) => [`header-${index}`, hex(random, 16)] as const,
  );
  return {
    key: event.user_id,
    value: Buffer.from(isInvalid ? spoil(event, random) : JSON.stringify(event)),
    headers,
    fields: isInvalid ? null : event,
  };
}

function makeEvent(set: DataSet, random: SeededRandom) {
  const time = new Date(Date.UTC(2024, 0, 15) + random.below(86_400_000)).toISOString();
  const words = set.hasUnicode ? UNICODE_WORDS : ASCII_WORDS;
  const text = Array.from({ length: WORDS_A_MESSAGE }, () => random.pick(words)).join(" ");
  const filler = Math.max(MIN_FILLER, set.valueBytes - FRAME_BYTES - Buffer.byteLength(text));
  return {
    event_id: uuid(random),
    request_id: uuid(random),
    event_type: random.pick(EVENT_TYPES),
    timestamp: time,
    user_id: `user-${random.below(set.users ?? USERS)}`,
    session_id: `session-${hex(random, 8)}`,
    page_url: `https://example.com/${random.pick(PAGES)}?ref=${hex(random, 6)}`,
    event_data: {
      button_clicked: "submit",
      form_data: { field1: text, token: hex(random, filler) },
    },
    client_info: {
      user_agent: `Mozilla/5.0 (${random.pick(SYSTEMS)}) AppleWebKit/537.36`,
      screen_resolution: random.pick(SCREENS),
      language: random.pick(LANGUAGES),
    },
    service_info: {
      service_name: "ingestion-service",
      service_version: "1.0.0",
      environment: "production",
    },
    processing_info: {
      received_at: time,
      processed_at: time,
      processing_ms: random.between(1, 40),
    },
  };
}

/** In the two ways that even a decoder without a schema sees. */
function spoil(event: ReturnType<typeof makeEvent>, random: SeededRandom): string {
  if (random.chance(0.5)) return JSON.stringify({ ...event, user_id: undefined });
  const text = JSON.stringify(event);
  return text.slice(0, text.length / 2);
}

/** A version 4 UUID. */
function uuid(random: SeededRandom): string {
  const digits = hex(random, 32);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20),
  ].join("-");
}

function hex(random: SeededRandom, digits: number): string {
  let text = "";
  while (text.length < digits) text += random.below(2 ** 32).toString(16).padStart(8, "0");
  return text.slice(0, digits);
}
