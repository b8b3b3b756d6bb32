/**
 * The scanner: what it takes is an event to a plain JSON.parse and zod as well, and what it builds is what they give,
 * whole or in part. What it does not take is for them to judge, so nothing is to be said of that.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { decode } from "../../../src/processing/decode.ts";
import { type Fields, select, selectionOf } from "../../../src/processing/selection.ts";
import { eventScanner } from "../../support/reading.ts";
import { sampleEvent } from "../../support/sample_event.ts";
import { SeededRandom } from "../../support/seeded_random.ts";
import { damage, randomText } from "../bytes.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";
import { VALUES } from "./values.ts";

export const SCANNER: FuzzTarget = { name: "scanner", weight: 100, make, check };

const scanner = eventScanner();
const PATHS = pathsOf(sampleEvent());
/** Pieces of JSON, each right somewhere and wrong elsewhere. */
const PIECES = [
  ...['"', "\\", "{", "}", "[", "]", ",", ":", " ", "\t", "\n", "\r", "\0", "\x1f", "\x7f"],
  ...[
    "0",
    "-0",
    "-",
    "1.",
    ".5",
    "01",
    "1e5",
    "1E-3",
    "0.1",
    "123456789012345",
    "1234567890123456",
  ],
  ...["9007199254740993", "0.12345678901234567", "1e400", "true", "false", "null", "tru", "nul"],
  ...[
    '"a"',
    '"\\""',
    '"\\u00e9"',
    '"\\ud800"',
    '"\\u12"',
    '"\\x"',
    '"é"',
    '"\u{1f600}"',
    '"\ufffd"',
  ],
  ...[
    "{}",
    "[]",
    "[[[]]]",
    '{"a":{}}',
    '{"":0}',
    '{"a":1,"a":2}',
    '"user_id":"x"',
    '"user\\u005fid":1',
  ],
  ...[
    '"__proto__":{"user_id":1}',
    "\ufeff",
    "2024-02-29",
    "T",
    "Z",
    "z",
    "+01:00",
    "23:59:60",
    "-",
  ],
  ...[
    "http://",
    "https://",
    "//",
    ":8080",
    ":99999",
    "xn--a",
    "%",
    "..",
    "1.2.3.4",
    "a-b.c",
    "@",
    "#",
  ],
];

function make(random: SeededRandom): Uint8Array | Promise<Uint8Array> {
  if (random.chance(0.3)) return VALUES.make(random);
  let text = spaced(random, JSON.stringify(withOtherTexts(random)));
  for (let left = random.below(4); left > 0; left--) {
    const at = random.below(text.length + 1);
    const taken = random.pick([0, 0, 1, 1, 2, 8]);
    text = text.slice(0, at) + random.pick(PIECES) + text.slice(at + taken);
  }
  const bytes = Buffer.from(text, "utf8");
  return random.chance(0.2) ? damage(random, bytes, 2) : bytes;
}

/** Most of them good. */
function withOtherTexts(random: SeededRandom): unknown {
  const event = structuredClone(sampleEvent()) as unknown as Record<string, unknown>;
  event["user_id"] = randomText(random, 40);
  event["event_data"] = random.chance(0.5)
    ? {}
    : { a: [randomText(random, 5), 1.5e300, { b: null }] };
  event["processing_info"] = {
    ...sampleEvent().processing_info,
    processing_ms: random.chance(0.5)
      ? random.next() * 10 ** random.between(-3, 12)
      : random.pick([0, 5, 0.25, 12.345678, 123456789012345, 1e15, 1e21, 1e-7, -1]),
  };
  const host = random.pick([
    "a",
    "a.b",
    "a-b.c",
    "1.b",
    "b.1",
    "-a",
    "a-",
    "a..b",
    "a--b.c",
    "A.b",
  ]);
  event["page_url"] = `${random.pick(["http", "https", "ftp"])}://${host}${
    random.pick(["", "/", ":80", ":80/x?y#z", "/é", "/a b", "/%zz"])
  }`;
  if (random.chance(0.3)) event[randomText(random, 5)] = random.pick([1, "x", null, [], {}]);
  return event;
}

/** With white space where JSON has none. */
function spaced(random: SeededRandom, text: string): string {
  if (random.chance(0.7)) return text;
  return text.replace(/[{}[\],:]/g, (each) => random.chance(0.3) ? `${each} \n\t\r` : each);
}

function check(input: Uint8Array): void {
  if (!scanner.scan(input)) return;
  const { event } = decode(input);
  assert.ok(event !== null, "it takes what is no event");
  assertSame(scanner.whole(), event);
  const random = new SeededRandom(input.length);
  const selection = selectionOf(PATHS.filter(() => random.chance(0.3)));
  const plan = scanner.plan(selection);
  assert.ok(plan !== null);
  const built = scanner.build(plan);
  assertSame(built, select(event as unknown as Fields, selection));
  assert.equal(Object.getPrototypeOf(built), Object.prototype);
}

/** Every path of the event, the inner ones included, and some into what is free-form. */
function pathsOf(value: object, above = ""): string[] {
  return Object.entries(value).flatMap(([name, each]) => {
    const path = above + name;
    return typeof each === "object" ? [path, ...pathsOf(each, `${path}.`)] : [path];
  }).concat(above === "" ? ["event_data.a", "user_id.length", "client_info.other"] : []);
}
