import assert from "node:assert/strict";
import * as z from "zod";
import { EVENT_SHAPE } from "../../src/event.ts";
import { shapeOfSchema, type TextFormat } from "../../src/event_shape.ts";
import { Scanner } from "../../src/processing/scanner.ts";
import { type Fields, select, selectionOf } from "../../src/processing/selection.ts";
import { bytesOf } from "../support/sample_event.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const SEED = Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 1e9));
const FORMATS: ReadonlyMap<unknown, TextFormat> = new Map([[isShort, "uuid"]]);

function isShort(text: string): boolean {
  return text.length < 3;
}

Deno.test("EVENT_SHAPE: the schema of events can be scanned", () => {
  assert.equal(EVENT_SHAPE.unsupported, null);
  assert.deepEqual(EVENT_SHAPE.shape?.fields.map(({ name }) => name).slice(0, 4), [
    "event_id",
    "request_id",
    "event_type",
    "timestamp",
  ]);
});

const UNSUPPORTED: readonly (readonly [schema: z.ZodType, reason: string])[] = [
  [z.string(), "the event is no object with fields: text"],
  [z.looseObject({}), "the event is no object with fields: free"],
  [z.looseObject({ a: z.union([z.string(), z.number()]) }), "a: union"],
  [z.looseObject({ a: z.looseObject({ b: z.array(z.string()) }) }), "a.b: array"],
  [z.looseObject({ a: z.record(z.string(), z.unknown()) }), "a: record"],
  [z.looseObject({ a: z.string().default("x") }), "a: default"],
  [z.looseObject({ a: z.enum(["x", "y"]) }), "a: enum"],
  [z.looseObject({ a: z.string().refine((text) => text !== "") }), "a: custom"],
  [z.looseObject({ a: z.string().trim() }), "a: overwrite"],
  [z.looseObject({ a: z.string().length(3) }), "a: length_equals"],
  [z.looseObject({ a: z.string().regex(/x/) }), "a: the format regex"],
  [z.looseObject({ a: z.uuid() }), "a: the format uuid"],
  [z.looseObject({ a: z.stringFormat("other", (text) => text !== "") }), "a: the format other"],
  [z.looseObject({ a: z.number().multipleOf(2) }), "a: multiple_of"],
  [z.looseObject({ a: z.coerce.number() }), "a: coerce"],
  [z.looseObject({ a: z.bigint() }), "a: bigint"],
  [z.strictObject({ a: z.string() }), "an object whose other fields are never"],
  [z.looseObject({ a: z.string() }).refine(() => true), "custom"],
  [z.looseObject({ a: z.string() }).transform((value) => value), "pipe"],
  [z.looseObject({ 'a"b': z.string() }), 'a"b: its name'],
  [z.looseObject({ "é": z.string() }), "é: its name"],
  [z.looseObject({ constructor: z.string().optional() }), "constructor: its name"],
  [z.looseObject({ ["x".repeat(32)]: z.string() }), `${"x".repeat(32)}: its name`],
  [z.looseObject({ a: z.string() }).catchall(z.unknown().refine(() => false)), "custom"],
  [z.looseObject({ a: z.string().max(-1) }), "a: max_length"],
  [z.looseObject({ a: z.string().min(1.5) }), "a: min_length"],
  [z.looseObject({ [Symbol.iterator]: z.string() }), "a symbol"],
  [manyObjects(), "f12: too many fields"],
  [endless(), "a: too deep"],
  [
    z.looseObject(Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`f${i}`, z.string()]))),
    "too many fields",
  ],
];

/** Of 13 and 403 fields. */
function manyObjects(): z.ZodType {
  const inner = z.looseObject(
    Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`g${i}`, z.string()])),
  );
  return z.looseObject(Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`f${i}`, inner])));
}

function endless(): z.ZodType {
  const inner = z.looseObject({
    get a(): z.ZodType {
      return inner;
    },
  });
  return inner;
}

for (const [schema, reason] of UNSUPPORTED) {
  Deno.test(`shapeOfSchema() says what cannot be scanned: ${reason}`, () => {
    assert.deepEqual(shapeOfSchema(schema, FORMATS), { shape: null, unsupported: reason });
  });
}

Deno.test("shapeOfSchema() does not take a format for ours that has one of zod's names", () => {
  const { unsupported } = shapeOfSchema(
    z.looseObject({ a: z.stringFormat("url", isShort) }),
    FORMATS,
  );
  assert.equal(unsupported, "a: the format url");
});

Deno.test("shapeOfSchema() knows a format by its function", () => {
  const { shape } = shapeOfSchema(
    z.looseObject({ a: z.stringFormat("event_short", isShort) }),
    FORMATS,
  );
  assert.deepEqual(shape?.fields[0]?.value, {
    kind: "text",
    format: "uuid",
    minLength: 0,
    maxLength: Infinity,
  });
});

Deno.test(`A scanner of any schema takes nothing that the schema refuses, --seed ${SEED}`, () => {
  const random = new SeededRandom(SEED);
  let taken = 0;
  for (let left = 150; left > 0; left--) {
    const schema = z.looseObject(randomFields(random, 2));
    const { shape, unsupported } = shapeOfSchema(schema, FORMATS);
    assert.equal(unsupported, null);
    const scanner = shape === null ? null : Scanner.create(shape);
    assert.ok(scanner !== null);
    for (let values = 40; values > 0; values--) {
      const json = JSON.stringify(randomValue(random, schema));
      if (!scanner.scan(bytesOf(json))) continue;
      taken += 1;
      assert.ok(schema.safeParse(JSON.parse(json)).success, json);
      assert.equal(JSON.stringify(scanner.whole()), json);
      const selection = selectionOf(pathsOf(schema).filter(() => random.chance(0.6)));
      const plan = scanner.plan(selection);
      assert.ok(plan !== null);
      const expected = select(JSON.parse(json) as Fields, selection);
      assert.equal(JSON.stringify(scanner.build(plan)), JSON.stringify(expected), json);
    }
  }
  assert.ok(taken > 500, `only ${taken} values were taken`);
});

function randomFields(random: SeededRandom, depth: number): Record<string, z.ZodType> {
  const names = ["a", "b", "a_name_of_sixteen", "sixteen_letters!", "x y"];
  const fields: Record<string, z.ZodType> = {};
  for (let left = random.between(1, 5); left > 0; left--) {
    let field = randomSchema(random, depth);
    if (random.chance(0.2)) field = field.nullable();
    if (random.chance(0.2)) field = field.optional();
    fields[random.pick(names)] = field;
  }
  return fields;
}

function randomSchema(random: SeededRandom, depth: number): z.ZodType {
  switch (random.below(depth > 0 ? 9 : 7)) {
    case 0:
      return z.string();
    case 1:
      return z.string().min(random.below(3)).max(random.between(2, 5));
    case 2:
      return z.number().min(random.below(3)).max(random.between(2, 5));
    case 3:
      return z.number().gt(random.below(3)).lt(random.between(2, 5)).gte(1);
    case 4:
      return z.int().lte(3);
    case 5:
      return z.boolean();
    case 6:
      return random.pick([z.unknown(), z.any(), z.looseObject({}), z.object({})]);
    case 7:
      return z.object(randomFields(random, depth - 1));
    default:
      return z.looseObject(randomFields(random, depth - 1));
  }
}

/** Good or nearly so. */
function randomValue(random: SeededRandom, schema: z.ZodType): unknown {
  const odd = [null, true, -1, 0, 0.5, 2, 3, 4.25, 1e300, "", "a", "é", "a\nb", "abcdef", [], {}];
  if (random.chance(0.02)) return random.pick(odd);
  if (schema instanceof z.ZodObject) {
    const value: Record<string, unknown> = {};
    for (const [name, field] of Object.entries(schema.shape)) {
      if (random.chance(0.98)) value[name] = randomValue(random, field as z.ZodType);
    }
    if (random.chance(0.1)) value["other"] = random.pick(odd);
    return value;
  }
  const { success } = schema.safeParse(null);
  for (let tries = 0; tries < 30; tries++) {
    const value = random.pick(odd);
    if (random.chance(0.05) || schema.safeParse(value).success) return value;
  }
  return success ? null : { inner: random.pick(odd) };
}

function pathsOf(schema: z.ZodType, above = ""): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape).flatMap(([name, field]) => {
    const path = above + name;
    return [path, ...pathsOf(field as z.ZodType, `${path}.`)];
  });
}
