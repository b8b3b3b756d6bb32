import assert from "node:assert/strict";
import type { NumberShape, ObjectShape, TextShape, ValueShape } from "../../../src/event_shape.ts";
import { decode } from "../../../src/processing/decode.ts";
import { scannerProblem } from "../../../src/processing/golden_values.ts";
import { Scanner } from "../../../src/processing/scanner.ts";
import { selectionOf } from "../../../src/processing/selection.ts";
import { eventScanner } from "../../support/reading.ts";
import { bytesOf, sampleEvent } from "../../support/sample_event.ts";
import { SeededRandom } from "../../support/seeded_random.ts";

const SEED = Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 1e9));
const EVENT_TEXT = JSON.stringify(sampleEvent());

const TAKEN: readonly (readonly [what: string, text: string])[] = [
  ["an event", EVENT_TEXT],
  ["white space wherever it may be", JSON.stringify(sampleEvent(), null, "\t\r ")],
  [
    "fields in another order",
    JSON.stringify(Object.fromEntries(Object.entries(sampleEvent()).reverse())),
  ],
  ["the last field first", JSON.stringify(lastFirst(sampleEvent()))],
  [
    "the last field of an object within first",
    JSON.stringify(sampleEvent({ client_info: lastFirst(sampleEvent().client_info) })),
  ],
  ["other fields of an object within", EVENT_TEXT.replace('"language"', '"added":1,"language"')],
  ["letters that are not ASCII", EVENT_TEXT.replace("user-123", "Zoë 名 😀")],
  ["escapes", EVENT_TEXT.replace("user-123", '\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d')],
  [
    "other fields",
    EVENT_TEXT.replace("{", '{"added":[{"user_id":1},[],{},-1.5e-3,true,false,null],'),
  ],
  ["an empty text", EVENT_TEXT.replace("user-123", "")],
  ["a text of more than 16 letters", EVENT_TEXT.replace("user-123", "x".repeat(1_000))],
];

for (const [what, text] of TAKEN) {
  Deno.test(`Scanner takes ${what}, and builds what JSON.parse does`, () => {
    const scanner = eventScanner();
    assert.ok(scanner.scan(bytesOf(text)));
    assert.equal(JSON.stringify(scanner.whole()), JSON.stringify(JSON.parse(text)));
    const { user_id, event_data, client_info } = JSON.parse(text);
    const expected = { user_id, event_data, client_info: { language: client_info.language } };
    for (const other of [[], ["event_data.none"]]) {
      const paths = ["user_id", "event_data", "client_info.language", ...other];
      const plan = scanner.plan(selectionOf(paths));
      assert.ok(plan !== null);
      assert.deepEqual(scanner.build(plan), expected);
    }
  });
}

const LEFT: readonly (readonly [what: string, text: string])[] = [
  ["nothing", ""],
  ["a list", `[${EVENT_TEXT}]`],
  ["what follows the event", `${EVENT_TEXT}{}`],
  ["an event that ends too early", EVENT_TEXT.slice(0, -1)],
  ["a field that is not there", EVENT_TEXT.replace('"user_id":"user-123",', "")],
  ["a field that is there twice", EVENT_TEXT.replace("{", '{"user_id":"user-1",')],
  ["a name with an escape", EVENT_TEXT.replace("user_id", "user\\u005fid")],
  ["one of ours in another spelling", EVENT_TEXT.replace(/}$/, ',"user\\u005fid":7}')],
  ["another kind of value", EVENT_TEXT.replace('"user-123"', "7")],
  ["null", EVENT_TEXT.replace('"user-123"', "null")],
  ["a control character in a text", EVENT_TEXT.replace("user-123", "a\nb")],
  ["an unknown escape", EVENT_TEXT.replace("user-123", "a\\x41")],
  ["half an escape", EVENT_TEXT.replace("user-123", "a\\u00e")],
  ["an exponent", EVENT_TEXT.replace(":5}", ":5e0}")],
  ["a fraction without digits", EVENT_TEXT.replace(":5}", ":5.}")],
  ["more digits than surely fit", EVENT_TEXT.replace(":5}", ":1234567890123456}")],
  ["a number with a zero before it", EVENT_TEXT.replace(":5}", ":05}")],
  ["a number below its minimum", EVENT_TEXT.replace(":5}", ":-1}")],
  ["values nested deeper than 63", EVENT_TEXT.replace('"submit"', "[".repeat(64) + "]".repeat(64))],
  ["a comma too many", EVENT_TEXT.replace('"submit"', "[1,]")],
  ["a comma too few", EVENT_TEXT.replace('"submit"', "[1 2]")],
  ["brackets that do not fit", EVENT_TEXT.replace('"submit"', "[1}")],
  ["an identifier that is no UUID", EVENT_TEXT.replace("7b7e6d2c-", "7b7e6d2c0")],
  ["an identifier that ends in other letters", EVENT_TEXT.replace("9b8e11", "9b8eg1")],
  ["a URL with letters beyond ASCII", EVENT_TEXT.replace("example.com", "example.com/é")],
  ["a time that may not exist", EVENT_TEXT.replace("2024-01-15T", "2024-01-31T")],
  ["an unusual URL", EVENT_TEXT.replace("example.com", "xn--a.com")],
  ["a URL with an address", EVENT_TEXT.replace("example.com", "127.0.0.1")],
  ["a byte order mark", `\ufeff${EVENT_TEXT}`],
  ["more than 1 MiB", EVENT_TEXT.replace("user-123", "x".repeat(1 << 20))],
];

for (const [what, text] of LEFT) {
  Deno.test(`Scanner leaves to others: ${what}`, () => {
    assert.equal(eventScanner().scan(bytesOf(text)), false);
  });
}

Deno.test("Scanner leaves to others what is not UTF-8, wherever it is", () => {
  const text = EVENT_TEXT.replace("user-123", "é名😀");
  const good = bytesOf(text);
  assert.ok(eventScanner().scan(good));
  const at = new TextEncoder().encode(text.slice(0, text.indexOf("é"))).length;
  for (
    const bad of [
      ...[[0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80]],
      ...[[0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff]],
      ...[[0xc3], [0xe5, 0x90], [0xf0, 0x9f, 0x98]],
    ]
  ) {
    const value = Uint8Array.from([...good.slice(0, at), ...bad, ...good.slice(at + 2)]);
    assert.equal(eventScanner().scan(value), false, String(bad));
  }
});

Deno.test("Scanner finds no field of an earlier value in a later one", () => {
  const scanner = Scanner.create(shapeOf({ a: text() }, { isOptional: true }));
  const plan = scanner?.plan(selectionOf(["a"]));
  assert.ok(scanner && plan);
  assert.ok(scanner.scan(bytesOf('{"a":"x"}')));
  assert.deepEqual(scanner.build(plan), { a: "x" });
  assert.ok(scanner.scan(bytesOf("{}")));
  assert.deepEqual(scanner.build(plan), {});
});

Deno.test("Scanner sees nothing of a longer value before", () => {
  const scanner = Scanner.create(shapeOf({ a: text({ minLength: 2 }) }));
  for (const earlier of [" ", "é", "x", '"', "\\", "1", "}"]) {
    scanner?.scan(bytesOf(earlier.repeat(500)));
    assert.equal(scanner?.scan(bytesOf('{"a":"xy"}')), true, `after ${earlier}`);
  }
});

Deno.test(`Scanner reads numbers as JSON.parse does, --seed ${SEED}`, () => {
  const random = new SeededRandom(SEED);
  const scanner = Scanner.create(shapeOf({ a: number() }));
  const plan = scanner?.plan(selectionOf(["a"]));
  assert.ok(scanner && plan);
  let taken = 0;
  for (let left = 20_000; left > 0; left--) {
    const json = randomNumber(random);
    if (!scanner.scan(bytesOf(`{"a":${json}}`))) continue;
    taken += 1;
    assert.ok(Object.is(scanner.build(plan)["a"], JSON.parse(json)), json);
  }
  assert.ok(taken > 10_000, `only ${taken} numbers were taken`);
});

Deno.test("Scanners of two shapes do not disturb each other", () => {
  const one = Scanner.create(shapeOf({ a: text() }));
  const other = Scanner.create(shapeOf({ b: number() }));
  for (let round = 0; round < 3; round++) {
    assert.deepEqual([one?.scan(bytesOf('{"a":"x"}')), one?.whole()], [true, { a: "x" }]);
    assert.deepEqual([other?.scan(bytesOf('{"a":"x"}')), other?.scan(bytesOf('{"b":1}'))], [
      false,
      true,
    ]);
  }
});

const BOUNDS: readonly {
  readonly value: ValueShape;
  readonly taken: readonly string[];
  readonly left: readonly string[];
}[] = [
  { value: number({ minimum: 1, maximum: 2.5 }), taken: ["1", "2.5"], left: ["0.99", "2.51"] },
  {
    value: number({ minimum: 1, maximum: 2, isAboveMinimum: true, isBelowMaximum: true }),
    taken: ["1.5"],
    left: ["1", "2"],
  },
  { value: number({ isInteger: true }), taken: ["-7", "0"], left: ["0.5", "7.0"] },
  { value: text({ minLength: 1 }), taken: ['"é"', '"\\n"', '"a"'], left: ['""'] },
  {
    value: text({ minLength: 2, maxLength: 3 }),
    taken: ['"ab"', '"abc"'],
    left: ['"a"', '"abcd"', '"é"'],
  },
  { value: { kind: "boolean" }, taken: ["true", "false"], left: ["null", "tru", "1"] },
  { value: { kind: "anything" }, taken: ["null", "[]", '"x"'], left: ["", "nul"] },
  { value: { kind: "free" }, taken: ["{}", '{"a":{"b":[1]}}'], left: ["[]", "null"] },
];

for (const { value, taken, left } of BOUNDS) {
  Deno.test(`Scanner keeps to ${JSON.stringify(value)}`, () => {
    const scanner = Scanner.create(shapeOf({ a: value }));
    const plan = scanner?.plan(selectionOf(["a"]));
    assert.ok(scanner && plan);
    for (const each of taken) {
      assert.ok(scanner.scan(bytesOf(`{"a":${each}}`)), each);
      assert.deepEqual(scanner.build(plan), JSON.parse(`{"a":${each}}`));
    }
    for (const each of left) assert.equal(scanner.scan(bytesOf(`{"a":${each}}`)), false, each);
  });
}

Deno.test("Scanner reads null where the shape allows it", () => {
  const scanner = Scanner.create(
    shapeOf({ a: text(), b: shapeOf({ c: text() }) }, { isNullable: true }),
  );
  const plan = scanner?.plan(selectionOf(["a", "b.c"]));
  assert.ok(scanner && plan);
  assert.ok(scanner.scan(bytesOf('{"a":null,"b":null}')));
  assert.deepEqual(scanner.build(plan), { a: null });
});

Deno.test("Scanner.plan() is null for a field that only the whole value has", () => {
  const scanner = eventScanner();
  assert.equal(scanner.plan(selectionOf(["added"])), null);
  assert.ok(scanner.plan(selectionOf(["client_info.added"])) !== null);
});

Deno.test("Scanner.build() gives texts of their own, not parts of the value's", () => {
  const scanner = eventScanner();
  const plan = scanner.plan(selectionOf(["event_id"]));
  assert.ok(plan !== null);
  const big = bytesOf(EVENT_TEXT.replace("user-123", "x".repeat(1_000_000)));
  const kept: unknown[] = [];
  const before = Deno.memoryUsage().heapUsed;
  for (let left = 100; left > 0; left--) {
    assert.ok(scanner.scan(big));
    kept.push(scanner.build(plan)["event_id"]);
  }
  const grownBytes = Deno.memoryUsage().heapUsed - before;
  assert.ok(grownBytes < 20_000_000, `${grownBytes} bytes are kept for ${kept.length} ids`);
});

Deno.test("Scanner.create() makes none for a shape that is too large, however large", () => {
  let value: ValueShape = text();
  for (const fields of [30, 30, 30]) {
    const inner = value;
    value = shapeOf(Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${i}`, inner])));
  }
  assert.equal(Scanner.create(value as ObjectShape), null);
  assert.ok(value.kind === "object" && value.fields[0]?.value.kind === "object");
  assert.ok(Scanner.create(value.fields[0].value.fields[0]?.value as ObjectShape) !== null);
});

Deno.test("scannerProblem() finds none in the scanner of events, and one in that of another shape", () => {
  assert.equal(scannerProblem(eventScanner(), decode), null);
  const lax = Scanner.create(shapeOf({ event_type: text() }));
  assert.match(
    lax === null ? "" : scannerProblem(lax, decode) ?? "",
    /^golden value \d+ was taken/,
  );
  const strict = Scanner.create(shapeOf({ other: text() }));
  assert.equal(strict && scannerProblem(strict, decode), "no golden value was taken");
  const trap = () => {
    throw new RangeError("memory access out of bounds");
  };
  assert.equal(
    scannerProblem(eventScanner(), trap),
    "golden value 0 was not scanned: RangeError",
  );
});

/** With and without sign and fraction; some are none. */
function randomNumber(random: SeededRandom): string {
  const digits = (most: number) =>
    Array.from({ length: random.between(1, most) }, () => random.below(10)).join("");
  const sign = random.chance(0.3) ? "-" : "";
  const whole = random.chance(0.2) ? "0" : digits(random.pick([2, 10, 17]));
  return `${sign}${whole.replace(/^0+(?=\d)/, "")}${
    random.chance(0.6) ? `.${digits(random.pick([2, 10, 17]))}` : ""
  }`;
}

function lastFirst<T extends object>(value: T): T {
  const entries = Object.entries(value);
  return Object.fromEntries([...entries.slice(-1), ...entries.slice(0, -1)]) as T;
}

function shapeOf(
  fields: Readonly<Record<string, ValueShape>>,
  { isOptional = false, isNullable = false } = {},
): ObjectShape {
  const list = Object.entries(fields).map(([name, value]) => ({
    name,
    isOptional,
    isNullable,
    value,
  }));
  return { kind: "object", fields: list };
}

function text(own: Partial<TextShape> = {}): TextShape {
  return { kind: "text", format: null, minLength: 0, maxLength: Infinity, ...own };
}

function number(own: Partial<NumberShape> = {}): NumberShape {
  return {
    kind: "number",
    isInteger: false,
    minimum: -Infinity,
    maximum: Infinity,
    isAboveMinimum: false,
    isBelowMaximum: false,
    ...own,
  };
}
