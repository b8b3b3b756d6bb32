import assert from "node:assert/strict";
import { asImageVariables, brokerProperties } from "../../support/kafka_properties.ts";

const PORTS = { PLAINTEXT: 1, INTERNAL: 2, CONTROLLER: 3, SASLS: 4 };
const LAYOUT = {
  nodes: [{ id: 1, ports: PORTS }],
  bindAddress: "127.0.0.1",
  dataDirectory: "/data",
};

Deno.test("brokerProperties() adds listeners with their protocol", () => {
  const properties = brokerProperties(1, LAYOUT, { listeners: { SASLS: "SASL_SSL" } });
  assert.match(properties["listeners"] ?? "", /SASLS:\/\/127\.0\.0\.1:4/);
  assert.match(properties["listener.security.protocol.map"] ?? "", /SASLS:SASL_SSL/);
  assert.doesNotMatch(properties["advertised.listeners"] ?? "", /CONTROLLER/);
});

Deno.test("brokerProperties() sends clients to the advertised port", () => {
  const properties = brokerProperties(1, LAYOUT, { advertisedPorts: { PLAINTEXT: 99 } });
  assert.match(properties["listeners"] ?? "", /PLAINTEXT:\/\/127\.0\.0\.1:1,/);
  assert.match(properties["advertised.listeners"] ?? "", /PLAINTEXT:\/\/127\.0\.0\.1:99,/);
});

Deno.test("brokerProperties() lets a test's own property win", () => {
  const properties = brokerProperties(1, LAYOUT, { properties: { "num.io.threads": "1" } });
  assert.equal(properties["num.io.threads"], "1");
});

Deno.test("asImageVariables() writes names as the image reads them", () => {
  assert.deepEqual(asImageVariables({ "node.id": "1", "a.b-c_d": "x" }), {
    KAFKA_NODE_ID: "1",
    KAFKA_A_B___C__D: "x",
  });
});
