/** The guards of the faster ways to read messages: see tools/mutations.ts. */
import type { Mutation } from "./mutations.ts";

const DECODE = "src/processing/decode.ts";

export const FAST_PATH_MUTATIONS: readonly Mutation[] = [
  {
    guard: "the self-check of the fast path",
    file: "src/wiring/fast_path.ts",
    from: "  if (problem === null) return fast;",
    to: "  if (problem !== undefined) return fast;",
    tests: [{
      file: "tests/unit/wiring/fast_path_test.ts",
      name: "chooseFastPath() falls back with one warning where a check fails",
    }],
  },
  {
    guard: "the second look at what may not be UTF-8",
    file: DECODE,
    from: "  if (text.includes(REPLACEMENT)) return decode(value);\n",
    to: "",
    tests: [
      {
        file: "tests/unit/processing/golden_values_test.ts",
        name: "findDifference() finds none between the ways to decode that there are",
      },
    ],
  },
  {
    guard: "what the module says of a snappy block",
    file: "src/kafka/quick_snappy.ts",
    from: "    if (snappy.unpack(input + block.start, end, at, block.size) !== 1) return null;",
    to: "    snappy.unpack(input + block.start, end, at, block.size);",
    tests: [{
      file: "tests/unit/kafka/quick_snappy_test.ts",
      name: "unpackSnappyQuickly() does not take a block that is damaged anywhere",
    }],
  },
  {
    guard: "what the scanner is not sure of is decoded",
    file: "src/processing/scanner.ts",
    from: "    return answer !== UNSURE;",
    to: "    return true;",
    tests: [{
      file: "tests/unit/processing/scanner_test.ts",
      name: "Scanner leaves to others what is not UTF-8, wherever it is",
    }],
  },
  {
    guard: "the room for a scanner's table",
    file: "src/processing/scanner.ts",
    from: "    return size > MAX_TABLE_BYTES ? null",
    to: "    return size < 0 ? null",
    tests: [{
      file: "tests/unit/processing/scanner_test.ts",
      name: "Scanner.create() makes none for a shape that is too large, however large",
    }],
  },
  {
    guard: "the names of formats that the scanner knows",
    file: "src/event_shape.ts",
    from: "format === undefined || !OWN_FORMAT.test(",
    to: "format === undefined || OWN_FORMAT.test(",
    tests: [{
      file: "tests/unit/event_shape_test.ts",
      name: "shapeOfSchema() does not take a format for ours that has one of zod's names",
    }],
  },
  {
    guard: "the table of the shape that is scanned",
    file: "src/processing/scanner.ts",
    from: "    if (active !== this) this.#activate();",
    to: "    if (active === null) this.#activate();",
    tests: [{
      file: "tests/unit/processing/scanner_test.ts",
      name: "Scanners of two shapes do not disturb each other",
    }],
  },
  {
    guard: "the hyphens of a UUID",
    file: "src/event_formats.ts",
    from: "    const fits = isHyphenAt(at) ? code === HYPHEN : HEX_DIGITS[code] === 1;",
    to: "    const fits = code === HYPHEN || HEX_DIGITS[code] === 1;",
    tests: [{
      file: "tests/unit/event_formats_test.ts",
      name: "isUuidQuickly() wants a hyphen, and not one digit more, where it belongs",
    }],
  },
];
