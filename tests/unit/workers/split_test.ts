import assert from "node:assert/strict";
import { loadConfig } from "../../../src/config.ts";
import { run } from "../../../src/commands/config.ts";
import { splitConfig, workerCount } from "../../../src/workers/split.ts";

Deno.test("splitConfig() divides what holds for the process: the shares are the limit, together", () => {
  const { config } = loaded({ CONCURRENCY: "10", MAX_BUFFER_BYTES: "100001" });
  const shares = [0, 1, 2].map((index) => splitConfig(config, { index, of: 3 }));
  assert.deepEqual(shares.map(({ concurrency }) => concurrency), [4, 3, 3]);
  assert.deepEqual(shares.map(({ maxBufferBytes }) => maxBufferBytes), [33_334, 33_334, 33_333]);
  const { partitionWindowMessages } = config;
  assert.ok(shares.every((each) => each.partitionWindowMessages === partitionWindowMessages));
});

Deno.test("splitConfig() numbers what must be unique", () => {
  const { config } = loaded({ KAFKA_GROUP_INSTANCE_ID: "a" });
  const shares = [0, 1].map((index) => splitConfig(config, { index, of: 2 }));
  assert.deepEqual(shares.map((each) => each.kafkaGroupInstanceId), ["a-0", "a-1"]);
  assert.deepEqual(
    shares.map((each) => each.kafkaClientId),
    ["processing-service-0", "processing-service-1"],
  );
  const { config: dynamic } = loaded({});
  assert.equal(splitConfig(dynamic, { index: 1, of: 2 }).kafkaGroupInstanceId, null);
});

Deno.test("workerCount() takes the cores with auto, and never more than handlers may run", () => {
  assert.equal(workerCount({ workers: 3, concurrency: 64 }, 1), 3);
  assert.equal(workerCount({ workers: "auto", concurrency: 64 }, 4), 4);
  assert.equal(workerCount({ workers: "auto", concurrency: 2 }, 4), 2);
});

Deno.test("WORKERS is refused where a worker would have nothing, and with --read-from-beginning", () => {
  assert.throws(
    () => loaded({ WORKERS: "4", CONCURRENCY: "3" }),
    /CONCURRENCY: expected at least WORKERS \(4\): 3/,
  );
  assert.throws(
    () => loaded({ WORKERS: "2" }, new Map([["read-from-beginning", "true"]])),
    /--read-from-beginning: needs WORKERS=1/,
  );
});

Deno.test("config prints the share of each worker, and nothing of it for one", async () => {
  const texts: string[] = [];
  for (const workers of ["1", "2"]) {
    const all = loaded({ WORKERS: workers, CONCURRENCY: "9" });
    const rest = {
      flags: {},
      argument: null,
      version: "1",
      print: (text: string) => void texts.push(text),
    };
    assert.equal(await run({ ...all, ...rest }), 0);
  }
  assert.doesNotMatch(texts[0] ?? "", /Shares/);
  const [title, ...shares] = (texts[1] ?? "").split("\n").slice(-5, -2);
  assert.equal(title, "Shares of 2 workers");
  assert.deepEqual(shares.map((each) => each.trim()), [
    "0  KAFKA_CLIENT_ID processing-service-0, CONCURRENCY 5, MAX_BUFFER_BYTES 134217728",
    "1  KAFKA_CLIENT_ID processing-service-1, CONCURRENCY 4, MAX_BUFFER_BYTES 134217728",
  ]);
});

function loaded(
  env: Readonly<Record<string, string>>,
  flags: ReadonlyMap<string, string> = new Map(),
): ReturnType<typeof loadConfig> {
  return loadConfig({ flags, env, readFile: notFound });
}

function notFound(): never {
  throw new Deno.errors.NotFound();
}
