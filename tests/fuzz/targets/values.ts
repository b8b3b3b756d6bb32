/**
 * Values of messages: `decode` takes and refuses exactly what a plain JSON.parse and zod do, never throws, and says
 * why without a piece of the value; `decodeQuickly` answers the same.
 */
import assert from "node:assert/strict";
import { Buffer, isUtf8 } from "node:buffer";
import * as z from "zod";
import { decode, decodeQuickly } from "../../../src/processing/decode.ts";
import { sampleEvent } from "../../support/sample_event.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damage, randomBytes, randomText } from "../bytes.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

export const VALUES: FuzzTarget = { name: "values", weight: 100, make, check };

/** Stands in strings and names, and must not come out in a reason. */
const PRIVATE = "pr1vate";
const REASON_MAX_LENGTH = 1_024;

function make(random: SeededRandom): Uint8Array {
  const kind = random.next();
  if (kind < 0.05) return randomBytes(random, 200);
  const bytes = Buffer.from(makeText(random), "utf8");
  return random.chance(0.3) ? damage(random, bytes) : bytes;
}

function makeText(random: SeededRandom): string {
  if (random.chance(0.05)) return nested(random);
  const event = structuredClone(sampleEvent()) as unknown as Record<string, unknown>;
  for (let left = random.below(4); left > 0; left--) change(random, event);
  let text = JSON.stringify(event);
  if (random.chance(0.05)) text = `\ufeff${text}`;
  if (random.chance(0.05)) text = `${text.slice(0, -1)},"user_id":${JSON.stringify(odd(random))}}`;
  if (random.chance(0.03)) text = text.replace(/:\d+/, ":1e999");
  if (random.chance(0.03)) text = text.replace("{", '{"__proto__":{"event_id":1},');
  return random.chance(0.05) ? ` \n${text}\t` : text;
}

/** A field of the event or of one of its parts is gone, is another, or is new. */
function change(random: SeededRandom, event: Record<string, unknown>): void {
  const inner = Object.values(event).filter((each) => typeof each === "object" && each !== null);
  const target = random.chance(0.5) && inner.length > 0
    ? random.pick(inner) as Record<string, unknown>
    : event;
  const names = Object.keys(target);
  if (names.length === 0 || random.chance(0.15)) {
    target[`${PRIVATE}${randomText(random, 6)}`] = odd(random);
    return;
  }
  const name = random.pick(names);
  const old = target[name];
  if (random.chance(0.15)) delete target[name];
  else if (typeof old === "string" && random.chance(0.6)) target[name] = similar(random, old);
  else target[name] = odd(random);
}

/** A text of the same kind, good or nearly so. */
function similar(random: SeededRandom, text: string): string {
  switch (random.below(8)) {
    case 0:
      return text.toUpperCase();
    case 1:
      return text.toLowerCase();
    case 2:
      return makeTime(random);
    case 3:
      return uuid(random);
    case 4:
      return `${random.pick(["http", "https", "mailto", "x", ""])}:${random.pick(["//", "/", ""])}${
        randomText(random, 12)
      }`;
    case 5:
      return text.slice(0, random.below(text.length + 1));
    case 6:
      return text + randomText(random, 3);
    default: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + randomText(random, 2) + text.slice(at + 1);
    }
  }
}

function makeTime(random: SeededRandom): string {
  const two = (from: number, to: number) => String(random.between(from, to)).padStart(2, "0");
  const date = `${random.pick(["2024", "2023", "1900", "2000", "0000"])}-${two(0, 13)}-${
    two(0, 32)
  }`;
  const time = `${two(0, 24)}:${two(0, 60)}:${two(0, 61)}`;
  const rest = random.pick(["Z", "z", "", "+01:00", "-24:00", ".5Z", ".Z", ".123456789+23:59"]);
  return `${date}${random.pick(["T", "t", " "])}${time}${rest}`;
}

function uuid(random: SeededRandom): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function odd(random: SeededRandom): unknown {
  switch (random.below(10)) {
    case 0:
      return null;
    case 1:
      return random.chance(0.5);
    case 2:
      return random.pick([0, -0, -1, 1.5, 2 ** 53, -(2 ** 70), 1e308, 5e-324]);
    case 3:
      return [];
    case 4:
      return {};
    case 5:
      return [PRIVATE, { [PRIVATE]: [odd(random)] }];
    case 6:
      return "";
    case 7:
      return { user_agent: PRIVATE, language: 1 };
    default:
      return PRIVATE + randomText(random, 20);
  }
}

/** Deep enough to overflow a stack, where something recurses. */
function nested(random: SeededRandom): string {
  const depth = random.chance(0.01) ? 200_000 : random.between(1, 500);
  const open = random.pick(["[", '{"a":', "[[1],"]);
  const text = open.repeat(depth);
  return random.chance(0.5) ? text : JSON.stringify(sampleEvent()).replace("{", `{"x":${text},`);
}

function check(input: Uint8Array): void {
  const decoded = decode(input);
  assertSame(decodeQuickly(input), decoded);
  const { code, parsed } = readPlainly(input);
  assert.equal(decoded.failure?.code ?? null, code);
  if (decoded.failure === null) {
    assert.equal(JSON.stringify(decoded.event), JSON.stringify(parsed), "another event");
    return;
  }
  const { message, stage } = decoded.failure;
  assert.equal(stage, code === "schema_mismatch" ? "validate" : "decode");
  assert.ok(message.length > 0 && message.length <= REASON_MAX_LENGTH, message);
  assert.ok(!message.includes(PRIVATE), `it holds a piece of the value: ${message}`);
  assert.ok(!/[\r\n]/.test(message), `more than a line: ${message}`);
}

/** What an application without any of our code would make of it. */
function readPlainly(input: Uint8Array): { code: string | null; parsed: unknown } {
  const bytes = Buffer.from(input);
  if (bytes.length === 0) return { code: "empty_value", parsed: null };
  if (!isUtf8(bytes)) return { code: "not_utf8", parsed: null };
  let parsed: unknown;
  try {
    parsed = JSON.parse(bytes.toString("utf8").replace(/^\ufeff/, ""));
  } catch {
    return { code: "not_json", parsed: null };
  }
  return { code: PLAIN.safeParse(parsed).success ? null : "schema_mismatch", parsed };
}

const text = z.string();
const uuidText = text.refine((each) =>
  each.length === 36 && each.split("-").map((part) => part.length).join() === "8,4,4,4,12" &&
  [...each.toLowerCase()].every((letter) => "0123456789abcdef-".includes(letter))
);
const timeText = text.refine(isTime);
const PLAIN = z.looseObject({
  event_id: uuidText,
  request_id: uuidText,
  event_type: text.refine((each) => each !== ""),
  timestamp: timeText,
  user_id: text,
  session_id: text,
  page_url: text.refine((each) => {
    try {
      return new URL(each) instanceof URL;
    } catch {
      return false;
    }
  }),
  event_data: z.record(text, z.unknown()).or(z.looseObject({})),
  client_info: z.looseObject({ user_agent: text, screen_resolution: text, language: text }),
  service_info: z.looseObject({ service_name: text, service_version: text, environment: text }),
  processing_info: z.looseObject({
    received_at: timeText,
    processed_at: timeText,
    processing_ms: z.number().refine((each) => each >= 0 && Number.isFinite(each)),
  }),
});

/** By the calendar of Date, not by a table of months. */
function isTime(each: string): boolean {
  const parts =
    /^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?(.*)$/s
      .exec(each);
  if (parts === null) return false;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1, 7)
    .map(Number);
  const date = new Date(Date.UTC(2000, month - 1, day));
  date.setUTCFullYear(year, month - 1, day);
  const isDay = month >= 1 && month <= 12 && day >= 1 && date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day;
  const zone = parts[8] ?? "";
  const offset = /^[+-]([0-9]{2}):([0-9]{2})$/.exec(zone);
  const isZone = zone === "Z" || zone === "z" ||
    (offset !== null && Number(offset[1]) <= 23 && Number(offset[2]) <= 59);
  return isDay && isZone && hour <= 23 && minute <= 59 && second <= 60;
}
