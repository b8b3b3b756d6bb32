/**
 * Values that tell whether one way to decode answers what another does: events in every form that JSON allows, and what
 * is nearly an event. Small enough to be tried at every start.
 */
import type { Decode, Decoded } from "./decode.ts";
import type { Scanner } from "./scanner.ts";
import { select, selectionOf } from "./selection.ts";

const EVENT = {
  event_id: "7b7e6d2c-3f0e-4a53-9d3e-5a1f0c9b8e11",
  request_id: "0F9B1A52-8C1D-4E7A-B1A4-2D3C4B5A6F70",
  event_type: "page_view",
  timestamp: "2024-01-15T10:30:45Z",
  user_id: "user-123",
  session_id: "",
  page_url: "https://shop.example.com:8080/a%20b/c?d=e&f#g",
  event_data: { button_clicked: "submit", form_data: { field1: "value1", "": [1, null, true] } },
  client_info: { user_agent: "Mozilla/5.0...", screen_resolution: "1920x1080", language: "en-US" },
  service_info: { service_name: "ingestion", service_version: "1.0.0", environment: "golden" },
  processing_info: {
    received_at: "2024-02-28T23:59:59.123456789Z",
    processed_at: "2024-01-15T10:30:45.5Z",
    processing_ms: 5.25,
  },
};
const TEXT = JSON.stringify(EVENT);

/** Piece of the event's text -> what stands there instead. */
const VARIATIONS: readonly (readonly [from: string, to: string])[] = [
  ['"user-123"', '"Zoë 名 😀"'],
  ['"user-123"', '"a\\"b\\\\c\\u00e9\\ud83d\\n"'],
  ['"user-123"', '"with\nline"'],
  ['"user_id"', '"user\\u005fid"'],
  ['"user-123"', '"\\ufffd"'],
  ['"user-123"', '"\ufffd"'],
  ['"user-123"', "7"],
  ['"user-123"', "null"],
  ['"user_id":', '"user_id":8,"user_id":'],
  ['"user_id":"user-123",', ""],
  ["{", '\ufeff{"added":[{"user_id":1}],"__proto__":{"user_id":2},'],
  [",", " ,\n\t\r "],
  ["page_view", ""],
  ["7b7e6d2c-", "7b7e6d2c0"],
  ["7b7e6d2c-", "7b7e6d2g-"],
  ["2024-01-15T10:30:45Z", "2024-02-30T10:30:45Z"],
  ["2024-01-15T10:30:45Z", "2024-01-15t10:30:45z"],
  ["2024-01-15T10:30:45Z", "2024-01-15T24:30:45Z"],
  ["2024-01-15T10:30:45Z", "2024-02-29T23:59:60+14:00"],
  ["https://shop.example.com:8080/", "/relative"],
  ["https://shop.example.com:8080/", "https://xn--a.example/"],
  ["https://shop.example.com:8080/", "http://1.2.3.999/"],
  ["https://shop.example.com:8080/", "app://screen/"],
  ["shop.example.com:8080", "shop.example.com:99999"],
  ["5.25", "-0"],
  ["5.25", "-1"],
  ["5.25", "05"],
  ["5.25", "1e400"],
  ["5.25", "9007199254740993"],
  ["5.25", "0.1234567890123456789"],
  ["[1,null,true]", "[1,null,tru]"],
  ["[1,null,true]", "[1,]"],
  ['{"button_clicked"', '[{"button_clicked"'],
  ["}}", "}"],
];

const TEXTS: readonly string[] = [
  TEXT,
  ` ${TEXT}\n`,
  `${TEXT}x`,
  "",
  "null",
  ...VARIATIONS.map(([from, to]) => TEXT.replace(from, () => to)),
];
const VALUES: readonly Uint8Array[] = [
  ...TEXTS.map((text) => new TextEncoder().encode(text)),
  ...notUtf8(),
];

/** What a way to decode answers otherwise than the plain one; null where they agree on all. */
export function findDifference(plain: Decode, other: Decode): string | null {
  for (const [index, value] of VALUES.entries()) {
    const [expected, actual] = [plain(value), answerOf(other, value)];
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      return `golden value ${index} was decoded otherwise`;
    }
  }
  return null;
}

/** What is wrong with what a scanner says and builds; null when nothing is. */
export function scannerProblem(scanner: Scanner, plain: Decode): string | null {
  const selection = selectionOf(pathsOf(EVENT));
  const plan = scanner.plan(selection);
  let taken = 0;
  for (const [index, value] of VALUES.entries()) {
    try {
      if (!scanner.scan(value)) continue;
      taken += 1;
      const { event } = plain(value);
      if (event === null) return `golden value ${index} was taken, which is no event`;
      const built = [scanner.whole(), plan === null ? null : scanner.build(plan)];
      const expected = [event, plan === null ? null : select({ ...event }, selection)];
      if (JSON.stringify(built) === JSON.stringify(expected)) continue;
      return `golden value ${index} was built otherwise`;
    } catch (error) {
      return `golden value ${index} was not scanned: ${(error as Error).name}`;
    }
  }
  return taken === 0 ? "no golden value was taken" : null;
}

/** `client_info.language` and whatever else has a value of its own. */
function pathsOf(value: object): string[] {
  return Object.entries(value).flatMap(([name, each]) => {
    const isInner = typeof each === "object" && each !== null && !Array.isArray(each);
    if (name === "") return [];
    return isInner ? pathsOf(each).map((path) => `${name}.${path}`) : [name];
  });
}

/** What a defect throws is an answer, too, and never the right one. */
function answerOf(decode: Decode, value: Uint8Array): Decoded | string {
  try {
    return decode(value);
  } catch (error) {
    return String(error);
  }
}

/** The event with a byte that no text has, and cut off inside of one. */
function notUtf8(): Uint8Array[] {
  const odd = new TextEncoder().encode(TEXT);
  odd[TEXT.indexOf("user-123")] = 0xff;
  return [odd, new TextEncoder().encode(`${TEXT}é`).slice(0, -1)];
}
