import assert from "node:assert/strict";
import { TopicConfigError, TopicConfigs } from "../../../../src/broker/topics/topic_configs.ts";

const BROKER = { "retention.bytes": "1000", "max.message.bytes": "500" };

Deno.test("TopicConfigs falls back on the broker's values, then on Kafka's", () => {
  const configs = new TopicConfigs({ defaults: BROKER });
  assert.deepEqual([configs.maxMessageBytes, configs.minInSyncReplicas], [500, 1]);
  const own = new TopicConfigs({ defaults: BROKER, values: { "max.message.bytes": "7" } });
  assert.equal(own.maxMessageBytes, 7);
  own.change({ "max.message.bytes": null });
  assert.equal(own.maxMessageBytes, 500);
});

Deno.test("TopicConfigs.retentionBytes stays bounded by the broker, whatever a topic asks for", () => {
  const retention = (values: Readonly<Record<string, string>>, defaults = BROKER) =>
    new TopicConfigs({ defaults, values }).retentionBytes;
  assert.equal(retention({}), 1000);
  assert.equal(retention({ "retention.ms": "-1" }), 1000);
  assert.equal(retention({ "retention.bytes": "-1" }), 1000);
  assert.equal(retention({ "retention.bytes": "2000" }), 2000);
  assert.equal(retention({}, { ...BROKER, "retention.bytes": "-1" }), -1);
});

Deno.test("TopicConfigs.change() and replaceAll() change nothing when one value is refused", () => {
  const configs = new TopicConfigs({ defaults: BROKER, values: { "retention.ms": "5" } });
  const wrong: readonly Readonly<Record<string, string>>[] = [
    { "retention.bytes": "5", "no.such.config": "1" },
    { "retention.bytes": "5", "retention.ms": "soon" },
    { "retention.bytes": "5", "cleanup.policy": "delete,forget" },
    { "retention.bytes": "5", "toString": "1" },
  ];
  for (const values of wrong) {
    assert.throws(() => configs.change(values), TopicConfigError);
    assert.throws(() => configs.replaceAll(values), TopicConfigError);
  }
  const changed = configs.entries().filter(({ isDefault }) => !isDefault);
  assert.deepEqual(changed.map(({ name, value }) => [name, value]), [["retention.ms", "5"]]);
});
