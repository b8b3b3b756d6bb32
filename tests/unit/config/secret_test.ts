import assert from "node:assert/strict";
import { inspect } from "node:util";
import { loadConfig } from "../../../src/config.ts";
import { readSecretFile } from "../../../src/config/secret.ts";
import { configSources } from "../../support/config_sources.ts";

const SASL = { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "app" };
const PASSWORD_FILE = "/run/secrets/password";

function loadPassword(files: Record<string, string>) {
  const env = { ...SASL, KAFKA_SASL_PASSWORD_FILE: PASSWORD_FILE };
  const { config, rows } = loadConfig(configSources({ env, files }));
  assert.ok(config.kafkaSaslPassword !== null);
  return { password: config.kafkaSaslPassword, rows };
}

Deno.test("Secret.read() reads its file anew, without the newline at its end", () => {
  const files = { [PASSWORD_FILE]: "first \n" };
  const { password } = loadPassword(files);
  assert.equal(password.read(), "first ");
  files[PASSWORD_FILE] = "second\r\n";
  assert.equal(password.read(), "second");
});

Deno.test("Secret.read() throws with variable and file when the file has gone or is empty", () => {
  const files: Record<string, string> = { [PASSWORD_FILE]: "first" };
  const { password } = loadPassword(files);
  files[PASSWORD_FILE] = "";
  assert.throws(() => password.read(), {
    message: `KAFKA_SASL_PASSWORD_FILE: nothing in ${PASSWORD_FILE}`,
  });
  delete files[PASSWORD_FILE];
  assert.throws(() => password.read(), {
    message: `KAFKA_SASL_PASSWORD_FILE: cannot read ${PASSWORD_FILE}: no such file`,
  });
});

Deno.test("Secret.read() names the folders that may be read when its file is in none of them", () => {
  const notCapable = new Deno.errors.NotCapable('Requires read access to "/home/app/password"');
  const readFile = () => {
    throw notCapable;
  };
  const variable = "KAFKA_SASL_PASSWORD_FILE";
  assert.throws(() => readSecretFile("/home/app/password", { variable, readFile }), {
    message:
      `${variable}: cannot read /home/app/password: outside of the folders that may be read, ` +
      "put it into one of /run/secrets, /var/run/secrets, /etc/processing-service, /etc/ssl",
  });
});

Deno.test("A secret shows itself nowhere, and its row says which file it is from", () => {
  const { password, rows } = loadPassword({ [PASSWORD_FILE]: "hunter2" });
  const shown = [String(password), JSON.stringify({ password }), Deno.inspect(password)];
  for (const each of [...shown, inspect(password), JSON.stringify(rows)]) {
    assert.ok(!each.includes("hunter2"), each);
  }
  const row = rows.find(({ name }) => name === "KAFKA_SASL_PASSWORD");
  assert.equal(row?.value, "********");
  assert.equal(row?.origin, `file ${PASSWORD_FILE} (environment)`);
});

Deno.test("The file of a secret from a flag counts before the variable with the secret itself", () => {
  const { config } = loadConfig(configSources({
    env: { ...SASL, KAFKA_SASL_PASSWORD: "from-variable" },
    flags: { "kafka-sasl-password-file": PASSWORD_FILE },
    files: { [PASSWORD_FILE]: "from-file" },
  }));
  assert.equal(config.kafkaSaslPassword?.read(), "from-file");
});
