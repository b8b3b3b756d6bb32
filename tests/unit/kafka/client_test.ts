import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import type { Secret } from "../../../src/config.ts";
import { NoCredentialsError } from "../../../src/kafka/authentication.ts";
import {
  kafkajsLogger,
  type Security,
  securityFrom,
  type SecuritySettings,
} from "../../../src/kafka/client.ts";
import { AccessLog } from "../../../src/ops/access_log.ts";
import type { Fields, Logger } from "../../../src/processing/message.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

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
  kafkaSaslOauthbearerToken: null,
  kafkaSaslOauthbearerTokenEndpointUrl: null,
  kafkaSaslOauthbearerCa: null,
  kafkaSaslOauthbearerClientCredentialsClientId: null,
  kafkaSaslOauthbearerClientCredentialsClientSecret: null,
  kafkaSaslOauthbearerScope: null,
  kafkaSaslOauthbearerHeaderUrlencode: false,
  kafkaSaslOauthbearerExtensions: null,
};

/** A secret that is another one each time it is read. */
function rotating(name: string, separator = " "): Secret {
  let reads = 0;
  return { read: () => `${name}${separator}${++reads}` };
}

const unreadable: Secret = {
  read() {
    throw new Error("SECRET_FILE: cannot read it");
  },
};

function securityOf(settings: SecuritySettings): Security {
  return securityFrom(settings, {
    clock: new ManualClock(),
    requestTimeoutMs: 1_000,
    telemetry: new AccessLog(new RecordingLogger()),
  });
}

/** What an authentication shows to a broker first. */
async function shownBy(sasl: Security["sasl"]): Promise<string> {
  let shown = "";
  const exchange = {
    host: "broker",
    port: 9092,
    logger: new RecordingLogger(),
    async saslAuthenticate({ request }: { readonly request: { encode(): Promise<Buffer> } }) {
      shown = (await request.encode()).toString();
      return "";
    },
  };
  await sasl?.authenticationProvider(exchange).authenticate();
  return shown;
}

Deno.test("securityFrom() uses neither TLS nor SASL unless told to", () => {
  const { ssl, sasl } = securityOf(NOTHING);
  assert.deepEqual({ ssl, sasl }, { ssl: null, sasl: null });
});

Deno.test("securityFrom() reads the TLS files again for each connection", () => {
  const { ssl } = securityOf({
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
  const { ssl } = securityOf({ ...NOTHING, kafkaTlsEnabled: true });
  assert.deepEqual({ servername: "kafka", ...ssl }.servername, "kafka");
});

for (const mechanism of ["plain", "oauthbearer"] as const) {
  Deno.test(`securityFrom() reads the secret again for each authentication: ${mechanism}`, async () => {
    const { sasl } = securityOf({
      ...NOTHING,
      kafkaSaslMechanism: mechanism,
      kafkaSaslUsername: "alice",
      kafkaSaslPassword: rotating("secret", "."),
      kafkaSaslOauthbearerToken: rotating("secret", "."),
    });
    assert.equal(sasl?.mechanism, mechanism);
    for (const time of [1, 2]) assert.ok((await shownBy(sasl)).includes(`secret.${time}`));
  });

  Deno.test(`securityFrom() takes an unreadable secret for no refusal: ${mechanism}`, async () => {
    const { sasl } = securityOf({
      ...NOTHING,
      kafkaSaslMechanism: mechanism,
      kafkaSaslUsername: "alice",
      kafkaSaslPassword: unreadable,
      kafkaSaslOauthbearerToken: unreadable,
    });
    const unreadableNow = (error: unknown) =>
      error instanceof NoCredentialsError && /SECRET_FILE: cannot read/.test(error.message);
    await assert.rejects(shownBy(sasl), unreadableNow);
  });
}

Deno.test("securityFrom() reads no secret by itself", () => {
  const { ssl } = securityOf({
    ...NOTHING,
    kafkaTlsEnabled: true,
    kafkaTlsKey: unreadable,
    kafkaSaslMechanism: "plain",
    kafkaSaslPassword: unreadable,
  });
  assert.throws(() => ({ ...ssl }), /SECRET_FILE/);
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
