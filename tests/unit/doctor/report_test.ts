import assert from "node:assert/strict";
import { reportJson, reportText } from "../../../src/doctor/report.ts";
import { exitCodeOf, type Result, Verdicts } from "../../../src/doctor/result.ts";

const verdicts = new Verdicts({ cluster: "--bootstrap-server kafka:9092", principal: "User:me" });
const OPTIONS = { title: "Title", tookMs: 1_234, inColour: false };

const OK = verdicts.ok({ section: "Brokers", name: "kafka:9092" }, "broker 1");
const MISSING = verdicts.found({ section: "Topics", name: "events" }, "topic_missing", {
  detail: "There is no topic events",
  facts: { topic: "events" },
});
const REFUSED = verdicts.found({ section: "Rights", name: "READ topic events" }, "right_missing", {
  detail: "The user may not READ topic events",
  facts: { operation: "Read", resource: "topic", name: "events" },
});
const WARNED = verdicts.found({ section: "This machine", name: "settings" }, "settings_unknown", {
  detail: "KAFKA_SOMETHING",
});
const SKIPPED = verdicts.skipped({ section: "Messages", name: "batches" }, "Not seen");

Deno.test("reportText() has one line a check, by section, and the fix with its command below", () => {
  assert.equal(
    reportText([OK, MISSING, SKIPPED], OPTIONS),
    [
      "Title",
      "",
      "Brokers",
      "  ok       kafka:9092  broker 1",
      "",
      "Topics",
      "  failed   events      There is no topic events [topic_missing]",
      "           fix: Check KAFKA_TOPIC, or create the topic: the service never does",
      "             $ kafka-topics.sh --bootstrap-server kafka:9092 --create --topic events --partitions 3",
      "             $ kafka-topics.sh --bootstrap-server kafka:9092 --list",
      "",
      "Messages",
      "  skipped  batches     Not seen",
      "",
      "1 ok, 0 warnings, 1 failed, 1 could not be looked at, in 1.2 s; exit code 69",
    ].join("\n"),
  );
});

Deno.test("reportText() wraps at 100 columns, and keeps a command on one line", () => {
  const long = verdicts.found({ section: "Topics", name: "events" }, "topic_missing", {
    detail: "word ".repeat(60).trim(),
    facts: { topic: "e".repeat(120) },
  });
  const lines = reportText([long], OPTIONS).split("\n");
  const commands = lines.filter((line) => line.includes(" $ "));
  assert.equal(commands.length, 2);
  for (const line of lines) assert.ok(line.length <= 100 || commands.includes(line), line);
});

Deno.test("reportText() shows nothing that a terminal obeys, whatever others call themselves", () => {
  const foreign = verdicts.ok({ section: "Group", name: "a\x1b[2J" }, "1 member: b\x1b]0;c\x07");
  assert.ok(reportText([foreign], OPTIONS).includes("ok       a [2J  1 member: b ]0;c"));
});

Deno.test("reportText() does not push all details aside for one long name", () => {
  const name = `DESCRIBE topic ${"t".repeat(60)}`;
  const text = reportText([verdicts.ok({ section: "Rights", name }, "allowed"), OK], OPTIONS);
  assert.ok(text.includes(`${name}  allowed`));
  assert.ok(text.includes("kafka:9092                        broker 1"), text);
});

Deno.test("reportText() has colours only when asked for", () => {
  assert.ok(!reportText([OK, MISSING], OPTIONS).includes("\x1b"));
  assert.ok(
    reportText([MISSING], { ...OPTIONS, inColour: true }).includes("\x1b[31mfailed  \x1b[0m"),
  );
});

Deno.test("reportJson() holds every result, and the exit code of all", () => {
  const report = JSON.parse(reportJson([OK, REFUSED], OPTIONS));
  assert.deepEqual({ ...report, checks: report.checks.length }, {
    ok: false,
    exit_code: 77,
    took_ms: 1_234,
    checks: 2,
  });
  assert.equal(report.checks[1].finding, "right_missing");
  assert.deepEqual(report.checks[1].commands, [
    "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:me' --operation Read --topic 'events'",
  ]);
});

Deno.test("exitCodeOf() is that of what waiting mends least, and 0 for warnings alone", () => {
  const config = verdicts.found({ section: "This machine", name: "settings" }, "settings_invalid", {
    detail: "KAFKA_BROKERS: expected host:port",
  });
  const cases: readonly (readonly [readonly Result[], number])[] = [
    [[OK, WARNED, SKIPPED], 0],
    [[MISSING], 69],
    [[MISSING, REFUSED], 77],
    [[config, REFUSED, MISSING], 78],
  ];
  for (const [results, code] of cases) assert.equal(exitCodeOf(results), code);
});

Deno.test("Verdicts.found() takes another status than the table's, and gives a warning no exit code", () => {
  const check = { section: "Group", name: "offsets" } as const;
  const facts = { group: "g", topic: "t", partition: 0 };
  const found = { detail: "gone", facts };
  assert.equal(verdicts.found(check, "offsets_below_start", found).exitCode, null);
  const failed = verdicts.found(check, "offsets_below_start", { ...found, status: "failed" });
  assert.equal(failed.exitCode, 78);
});
