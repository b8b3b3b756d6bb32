/** deploy/filebeat.yml takes in what LOG_FORMAT=ecs writes; with Filebeat itself where it can be had. */
import assert from "node:assert/strict";
import { parse } from "yaml";
import { formatEcs } from "../../../src/ops/ecs_format.ts";
import { findFilebeat, readWithFilebeat } from "../../support/filebeat.ts";
import { testIfPossible } from "../../support/test_if_possible.ts";

const CONFIG = new URL("../../../deploy/filebeat.yml", import.meta.url).pathname;
const OPTIONS = { stacks: false, serviceVersion: "1.2.3", environment: "production" };
const TIMESTAMP = Date.UTC(2024, 0, 15, 10, 30, 45, 123);

Deno.test("filebeat.yml reads standard output as JSON lines whose fields are the document's", async () => {
  const config = parse(await Deno.readTextFile(CONFIG));
  const [stdout, stderr] = config["filebeat.inputs"];
  assert.equal(stdout.type, "filestream");
  assert.deepEqual(stdout.parsers, [
    { container: { stream: "stdout" } },
    { ndjson: { target: "", overwrite_keys: true, expand_keys: true, add_error_key: true } },
  ]);
  assert.deepEqual(stderr.parsers, [{ container: { stream: "stderr" } }]);
  assert.deepEqual(stderr.paths, stdout.paths);
  assert.notEqual(stderr.id, stdout.id);
  assert.equal(stdout["prospector.scanner.symlinks"], true);
  assert.match(stdout.paths[0], /\/var\/log\/containers\/processing-service-\*\.log\}$/);
  assert.equal(config["output.elasticsearch"].pipeline, undefined);
});

testIfPossible(
  "Filebeat makes of each log line a document with the same fields, however long it is",
  findFilebeat() === null ? "no Filebeat: set FILEBEAT to its executable" : null,
  async () => {
    const folder = await Deno.makeTempDir();
    const error = new TypeError("Cannot connect\nat all");
    const place = { topic: "t", partition: 1, offset: 7 };
    const long = Array.from({ length: 4 }, () => "x".repeat(8_000));
    const [joined, broke] = [
      { level: "info" as const, text: "Joined {groupId}", fields: { groupId: "g", long } },
      { level: "error" as const, text: "It broke", fields: { error, ...place } },
    ].map((entry) => formatEcs({ ...entry, timestamp: TIMESTAMP }, OPTIONS));
    const written = [
      ...containerLines("stdout", joined ?? ""),
      ...containerLines("stderr", "KAFKA_BROKERS: expected host:port"),
      ...containerLines("stdout", broke ?? ""),
    ];
    await Deno.writeTextFile(`${folder}/processing-service-0.log`, written.join(""));

    const documents = await readWithFilebeat(findFilebeat() ?? "", {
      config: CONFIG,
      logs: `${folder}/processing-service-*.log`,
      documents: 3,
    });
    await Deno.remove(folder, { recursive: true });
    for (const line of [joined, broke]) {
      const fields = Object.entries(JSON.parse(line ?? "")).filter(([name]) => name !== "labels");
      const document = documents.find(({ message }) => message === JSON.parse(line ?? "").message);
      assert.deepEqual(fields.map(([name]) => [name, field(document, name)]), fields);
    }
    const texts = documents.map((document) => field(document, "event.dataset"));
    assert.equal(texts.filter((text) => text === "processing-service.stderr").length, 1);
  },
);

/** As a container runtime writes a line: in pieces, where it is long. */
function containerLines(stream: "stdout" | "stderr", text: string): readonly string[] {
  const pieces = text.match(/.{1,8000}/gs) ?? [];
  return pieces.map((piece, at) =>
    `2024-01-15T10:30:46.123456789Z ${stream} ${at < pieces.length - 1 ? "P" : "F"} ${piece}\n`
  );
}

/** `log.level` of a document in which `log` is an object. */
function field(document: unknown, name: string): unknown {
  return name.split(".").reduce<unknown>(
    (value, part) => (value as Record<string, unknown> | undefined)?.[part],
    document,
  );
}
