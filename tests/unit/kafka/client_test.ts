import assert from "node:assert/strict";
import type { Secret } from "../../../src/config.ts";
import { kafkajsLogger, securityFrom, type SecuritySettings } from "../../../src/kafka/client.ts";
import type { Fields, Logger } from "../../../src/processing/message.ts";

const NOTHING: SecuritySettings = {
  kafkaTlsEnabled: false,
  kafkaTlsCa: null,
  kafkaTlsCert: null,
  kafkaTlsKey: null,
  kafkaTlsKeyPassphrase: null,
  kafkaTlsServername: null,
  kafkaSaslMechanism: "none",
  kafkaSaslUsername: null,
  kafkaSaslPassword: null,
};

/** A secret that is another one each time it is read. */
function rotating(name: string): Secret {
  let reads = 0;
  return { read: () => `${name} ${++reads}` };
}

Deno.test("securityFrom() uses neither TLS nor SASL unless told to", () => {
  assert.deepEqual(securityFrom(NOTHING), { ssl: null, sasl: null });
});

Deno.test("securityFrom() reads the TLS files again for each connection", () => {
  const { ssl } = securityFrom({
    ...NOTHING,
    kafkaTlsEnabled: true,
    kafkaTlsCa: rotating("ca"),
    kafkaTlsCert: rotating("cert"),
    kafkaTlsKey: rotating("key"),
    kafkaTlsKeyPassphrase: rotating("passphrase"),
    kafkaTlsServername: "kafka.example",
  });
  for (const time of [1, 2]) {
    assert.deepEqual({ ...ssl }, {
      ca: `ca ${time}`,
      cert: `cert ${time}`,
      key: `key ${time}`,
      passphrase: `passphrase ${time}`,
      servername: "kafka.example",
    });
  }
});

Deno.test("securityFrom() leaves the broker's own name alone when no other is set", () => {
  const { ssl } = securityFrom({ ...NOTHING, kafkaTlsEnabled: true });
  assert.deepEqual({ servername: "kafka", ...ssl }.servername, "kafka");
});

Deno.test("securityFrom() reads the password again for each authentication", () => {
  const { sasl } = securityFrom({
    ...NOTHING,
    kafkaSaslMechanism: "scram-sha-256",
    kafkaSaslUsername: "alice",
    kafkaSaslPassword: rotating("password"),
  });
  for (const time of [1, 2]) {
    assert.deepEqual({ ...sasl }, {
      mechanism: "scram-sha-256",
      username: "alice",
      password: `password ${time}`,
    });
  }
});

Deno.test("securityFrom() reads no secret by itself", () => {
  const secret: Secret = {
    read() {
      throw new Error("KAFKA_SASL_PASSWORD_FILE: cannot read it");
    },
  };
  const { ssl, sasl } = securityFrom({
    ...NOTHING,
    kafkaTlsEnabled: true,
    kafkaTlsKey: secret,
    kafkaSaslMechanism: "plain",
    kafkaSaslPassword: secret,
  });
  assert.throws(() => ({ ...ssl }), /KAFKA_SASL_PASSWORD_FILE/);
  assert.throws(() => ({ ...sasl }), /KAFKA_SASL_PASSWORD_FILE/);
});

Deno.test("kafkajsLogger() makes DEBUG of kafkajs's errors and keeps only safe facts", () => {
  const lines: { readonly level: string; readonly text: string; readonly fields?: Fields }[] = [];
  const note = (level: string) => (text: string, fields?: Fields) =>
    void lines.push({ level, text, ...(fields === undefined ? {} : { fields }) });
  const logger: Logger = {
    debug: note("debug"),
    info: note("info"),
    warning: note("warning"),
    error: note("error"),
  };
  const part = kafkajsLogger(logger).namespace("Connection");
  part.error("Connection error: refused", { broker: "kafka:9092", stack: "at …", clientId: "x" });
  part.warn("Response Metadata", { error: "no leader", payload: new Uint8Array(4) });
  part.info("no facts");
  part.debug("Response SaslAuthenticate", { data: "a secret" });
  const text = "kafkajs: {kafkajs}";
  assert.deepEqual(lines, [
    {
      level: "debug",
      text,
      fields: { kafkajs: "Connection error: refused", part: "Connection", broker: "kafka:9092" },
    },
    {
      level: "debug",
      text,
      fields: { kafkajs: "Response Metadata", part: "Connection", error: "no leader" },
    },
    { level: "debug", text, fields: { kafkajs: "no facts", part: "Connection" } },
  ]);
});
