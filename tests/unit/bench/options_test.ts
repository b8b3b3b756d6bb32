import assert from "node:assert/strict";
import { BenchUsageError, parseOptions } from "../../../bench/options.ts";
import { PEERS } from "../../../bench/peers/mod.ts";

Deno.test("parseOptions() measures everything when nothing is said", () => {
  const options = parseOptions([]);
  assert.deepEqual(options.brokers, ["kafka", "static"]);
  assert.equal(options.only, null);
  assert.equal(options.messages, null);
  assert.equal(options.rounds, 5);
  assert.equal(options.keeps, false);
  assert.ok(options.sets.includes("events") && options.sets.includes("rate"));
});

Deno.test("parseOptions() takes few messages and one round with --quick, unless told otherwise", () => {
  const quick = parseOptions(["--quick"]);
  assert.deepEqual([quick.messages, quick.rounds, quick.isQuick], [20_000, 1, true]);
  assert.equal(parseOptions(["--quick", "--rounds", "3"]).rounds, 3);
});

Deno.test("parseOptions() takes names in a list", () => {
  const args = ["--only", "service,kafkajs-deno", "--data", "wide", "--broker", "static"];
  const { only, sets, brokers } = parseOptions(args);
  assert.deepEqual([only, sets, brokers], [["service", "kafkajs-deno"], ["wide"], ["static"]]);
});

Deno.test("parseOptions() refuses what means nothing, and says what would", () => {
  const refused: readonly (readonly [args: readonly string[], text: RegExp])[] = [
    [["--only", "servce"], /Choose --only from service, .*: servce/],
    [["--data", "event"], /Choose --data from events, .*: event/],
    [["--broker", "redpanda"], /kafka, static: redpanda/],
    [["--rounds", "0"], /--rounds to a number above 0: 0/],
    [["--messages", "many"], /--messages to a number above 0: many/],
    [["--quick", "--keep"], /--keep/],
    [["--only", "service", "--keep"], /--keep or --only/],
    [["--fast"], /--fast/],
    [["events"], /events/],
  ];
  for (const [args, text] of refused) {
    assert.throws(() => parseOptions(args), (error) => {
      return error instanceof BenchUsageError && text.test(error.message);
    }, args.join(" "));
  }
});

Deno.test("PEERS have names of their own, and each says what it decodes and validates", () => {
  const names = PEERS.map(({ name }) => name);
  assert.equal(new Set(names).size, names.length);
  for (const { name, decodes, validates } of PEERS) assert.ok(decodes && validates, name);
});
