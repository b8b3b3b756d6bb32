import assert from "node:assert/strict";
import {
  isRfc3339,
  isRfc3339Quickly,
  isUrl,
  isUrlQuickly,
  isUuid,
  isUuidQuickly,
} from "../../src/event_formats.ts";
import { SeededRandom } from "../support/seeded_random.ts";

const SEED = Number(Deno.env.get("TEST_SEED") ?? Math.floor(Math.random() * 1e9));
const ROUNDS = 20_000;

/** Letters with a meaning in one of the formats, and what looks like them. */
const LETTERS = [..."0129afAFgzZtT-_:./?#@%\\[]+ \n\t\0ü\u00ad\u2024\uff0e\ud800xn", ""];

const FORMATS = [
  {
    name: "isUuidQuickly",
    quick: isUuidQuickly,
    definition: isUuid,
    good: ["7b7e6d2c-3f0e-4a53-9d3e-5a1f0c9b8e11", "00000000-0000-0000-0000-00000000000F"],
  },
  {
    name: "isRfc3339Quickly",
    quick: isRfc3339Quickly,
    definition: isRfc3339,
    good: ["2024-01-28T10:30:45Z", "2024-02-29T23:59:59.123Z", "1999-12-09t00:00:60+23:59"],
  },
  {
    name: "isUrlQuickly",
    quick: isUrlQuickly,
    definition: isUrl,
    good: [
      "https://example.com",
      "http://a-b.example.co:8080/x/y%20z?q=1&r=[2]#top",
      "https://xn--fa-hia.example/",
      "http://1.2.3.4:80",
      "http://0x7f.1/",
    ],
  },
];

for (const { name, quick, definition, good } of FORMATS) {
  Deno.test(`${name}() answers what ${definition.name}() does, --seed ${SEED}`, () => {
    const random = new SeededRandom(SEED);
    for (const text of good) assert.equal(quick(text), true, text);
    for (let round = 0; round < ROUNDS; round++) {
      const text = changed(random, random.pick(good));
      assert.equal(quick(text), definition(text), JSON.stringify(text));
    }
  });
}

Deno.test("isUuidQuickly() wants a hyphen, and not one digit more, where it belongs", () => {
  assert.equal(isUuidQuickly("7b7e6d2c03f0e04a5309d3e05a1f0c9b8e11"), false);
  assert.equal(isUuidQuickly("7b7e6d2c-3f0e-4a53-9d3e--a1f0c9b8e11"), false);
});

/** A text with up to three letters put in, taken out or replaced. */
function changed(random: SeededRandom, text: string): string {
  let result = text;
  for (let left = random.below(4); left > 0; left--) {
    const at = random.below(result.length + 1);
    const skipped = random.below(2);
    result = result.slice(0, at) + random.pick(LETTERS) + result.slice(at + skipped);
  }
  return result;
}
