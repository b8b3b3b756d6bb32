import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { loadConfig } from "../../../src/config.ts";
import { tlsMaterialProblems } from "../../../src/config/tls_material.ts";
import { run } from "../../support/command.ts";
import { configSources } from "../../support/config_sources.ts";

interface Material {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that is valid for a day from now, with its key. */
async function makeMaterial(): Promise<Material> {
  const directory = await Deno.makeTempDir();
  try {
    await run([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
      ...["-nodes", "-days", "1", "-subj", "/CN=unit", "-keyout", "key.pem", "-out", "cert.pem"],
    ], { cwd: directory, deadlineMs: 20_000 });
    const [cert, key] = await Promise.all(
      ["cert.pem", "key.pem"].map((name) => Deno.readTextFile(`${directory}/${name}`)),
    );
    return { cert: cert ?? "", key: key ?? "" };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const NOTHING = { ca: null, cert: null, key: null, passphrase: null };
const DAY_MS = 86_400_000;

Deno.test("tlsMaterialProblems() accepts a certificate with its key, and a bundle with an expired authority", async () => {
  const { cert, key } = await makeMaterial();
  const material = { ...NOTHING, ca: `${cert}\n${cert}`, cert, key };
  assert.deepEqual(tlsMaterialProblems(material, Date.now()), []);
});

Deno.test("tlsMaterialProblems() tells expired, not yet valid and broken certificates apart", async () => {
  const { cert, key } = await makeMaterial();
  const problems = (now: number) => tlsMaterialProblems({ ...NOTHING, ca: cert, cert, key }, now);
  const late = problems(Date.now() + 2 * DAY_MS);
  assert.equal(late[0], "KAFKA_TLS_CA: every certificate in it has expired");
  assert.match(late[1] ?? "", /^KAFKA_TLS_CERT: the certificate expired on /);
  const early = problems(Date.now() - 2 * DAY_MS);
  assert.match(early[0] ?? "", /^KAFKA_TLS_CERT: the certificate is not valid before /);
  const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  assert.deepEqual(tlsMaterialProblems({ ...NOTHING, ca: cert + broken }, Date.now()), [
    "KAFKA_TLS_CA: certificate 2 of 2 cannot be parsed",
  ]);
});

Deno.test("tlsMaterialProblems() refuses the key of another certificate", async () => {
  const { cert } = await makeMaterial();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const key = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  assert.deepEqual(tlsMaterialProblems({ ...NOTHING, cert, key }, Date.now()), [
    "KAFKA_TLS_KEY: not the key of the certificate in KAFKA_TLS_CERT",
  ]);
});

Deno.test("tlsMaterialProblems() needs the right passphrase of an encrypted key, and never asks for it", async () => {
  const { cert, key } = await makeMaterial();
  const encrypted = String(
    createPrivateKey(key).export({
      type: "pkcs8",
      format: "pem",
      cipher: "aes-256-cbc",
      passphrase: "right",
    }),
  );
  const problems = (passphrase: string | null) =>
    tlsMaterialProblems({ ...NOTHING, cert, key: encrypted, passphrase }, Date.now());
  assert.deepEqual(problems("right"), []);
  assert.deepEqual(problems("wrong"), [
    "KAFKA_TLS_KEY: not decrypted by KAFKA_TLS_KEY_PASSPHRASE",
  ]);
  assert.deepEqual(problems(null), ["KAFKA_TLS_KEY: needs its KAFKA_TLS_KEY_PASSPHRASE"]);
});

Deno.test("loadConfig() takes PEM that had to fit on one line, and counts certificates", async () => {
  const { cert, key } = await makeMaterial();
  const env = {
    KAFKA_TLS_ENABLED: "true",
    KAFKA_TLS_CERT: cert.replaceAll("\n", "\\n"),
    KAFKA_TLS_KEY: key.replaceAll("\n", "\\n"),
  };
  const { config, rows } = loadConfig(configSources({ env, now: Date.now() }));
  assert.equal(config.kafkaTlsCert?.read(), cert);
  const shown = new Map(rows.map(({ name, value }) => [String(name), value]));
  assert.equal(shown.get("KAFKA_TLS_CERT"), "1 certificate");
  assert.equal(shown.get("KAFKA_TLS_KEY"), "********");
  const secret = Buffer.from(key.split("\n")[1] ?? "").toString();
  assert.ok(!JSON.stringify(rows).includes(secret));
});
