/** In a compiled file OpenTelemetry is on or off for good: what its environment says later changes nothing. */
import assert from "node:assert/strict";
import { kafkaTest } from "../support/kafka.ts";
import { OtlpReceiver } from "../support/otlp_receiver.ts";
import { startService, untilAllCommitted } from "../support/service.ts";

/** Executables made by `deno task compile:otel` and `deno task compile`. */
const EXECUTABLES = [
  { variable: "COMPILED_OTEL", exports: true },
  { variable: "COMPILED", exports: false },
];

for (const { variable, exports } of EXECUTABLES) {
  const executable = Deno.env.get(variable);
  const does = exports ? "exports with OTEL_DENO=false" : "exports nothing with OTEL_DENO=true";
  if (executable === undefined) {
    Deno.test({
      name: `the file in ${variable} ${does} (ignored: run it by deno task test compiled)`,
      ignore: true,
      fn() {},
    });
    continue;
  }
  kafkaTest(`the file in ${variable} ${does}`, { topics: { events: 1 } }, async (kafka) => {
    const topic = kafka.topics.events;
    const group = kafka.unique("group");
    await kafka.produce(topic, [{ value: "no JSON" }]);
    await using receiver = OtlpReceiver.start();
    const settings = { ...receiver.environment, OTEL_DENO: String(!exports) };
    const command = [executable];
    await using service = await startService(kafka, { topic, group, settings, command });
    await untilAllCommitted(kafka, { group, topic });
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
    const spans = receiver.spans.filter(({ name }) => name === `process ${topic}`);
    assert.deepEqual([spans.length, receiver.exports > 0], exports ? [1, true] : [0, false]);
  });
}
