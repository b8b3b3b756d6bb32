/**
 * Texts that people or other programs wrote: `.env` files, settings, and what stands beside a committed offset. Each is
 * read or refused with the error made for it, and what we write ourselves reads back as it was.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ConfigError, loadConfig, type LoadedConfig, loadHttpConfig } from "../../../src/config.ts";
import { DotenvError, parseDotenv } from "../../../src/config/dotenv.ts";
import { flagOf, knownVariables, SETTING_NAMES, settingOf } from "../../../src/config/settings.ts";
import {
  type CommitMetadata,
  encodeCommitMetadata,
  parseCommitMetadata,
} from "../../../src/kafka/commit_metadata.ts";
import type { OffsetRange } from "../../../src/processing/offset_ranges.ts";
import { configSources, type TestSources } from "../../support/config_sources.ts";
import type { SeededRandom } from "../../support/seeded_random.ts";
import { damageSome, randomText } from "../bytes.ts";
import { assertSame } from "../same.ts";
import type { FuzzTarget } from "../target.ts";

const PRIVATE = "pr1vate";

// --- .env files

export const DOTENV: FuzzTarget = {
  name: "dotenv",
  weight: 20,
  make: makeDotenv,
  check: checkDotenv,
};

const DOTENV_PARTS = [
  ...["=", " ", "\t", "'", '"', "\\", "#", "\n", "\r\n", "export ", "A=", "B_1='x'", "${C}"],
  ...['A="a\\nb"', "# comment", " #", "=\n", `D=${PRIVATE}`, `E="${PRIVATE}`, "é", "\ufeff"],
];

function makeDotenv(random: SeededRandom): Uint8Array {
  let text = "";
  for (let left = random.below(12); left > 0; left--) {
    const part = random.chance(0.8) ? random.pick(DOTENV_PARTS) : randomText(random, 8);
    text += random.chance(0.002) ? part.repeat(30_000) : part;
  }
  return damageSome(random, Buffer.from(text, "utf8"), 0.7);
}

function checkDotenv(input: Uint8Array): void {
  const text = Buffer.from(input).toString("utf8");
  let variables: Record<string, string>;
  try {
    variables = parseDotenv(text);
  } catch (error) {
    assert.ok(error instanceof DotenvError, String(error));
    assert.ok(error.problems.length > 0);
    for (const each of error.problems) assert.match(each, /^line \d+: expected [\w =]+$/);
    return;
  }
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}`);
  assertSame(parseDotenv(lines.join("\n")), variables, "read back as something else");
}

function quote(value: string): string {
  const escaped = value.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
  return `"${escaped.replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;
}

// --- settings

export const CONFIG: FuzzTarget = {
  name: "config",
  weight: 5,
  make: makeConfig,
  check: checkConfig,
};

const CONFIG_TEXTS = [
  ...["", " ", "0", "-1", "1", "1e3", "0x10", " 5 ", "9007199254740993", "99999999999999999999"],
  ...["true", "off", "none", "latest", "localhost:9092,[::1]:9093", "a:b:c", ":", "[::", "x:0"],
  ...["١٢", "1/2", "2/1", "500/1000", "a,b,,c", ".", "..", "a".repeat(300), "\0", PRIVATE],
  ...["-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----", "http://x/y", "PLAIN"],
  ...["scram-sha-512", "OAUTHBEARER", "production", "development", "json", "text", "debug"],
];

function makeConfig(random: SeededRandom): Uint8Array {
  const names = [...knownVariables(), "KAFKA_UNKNOWN", "KAFKA_BROKER", "__proto__"];
  const drawn = () =>
    Object.fromEntries(
      Array.from({ length: random.below(6) }, () => [random.pick(names), configText(random)]),
    );
  const env = drawn();
  const files: Record<string, string> = { "/f": random.pick(CONFIG_TEXTS) };
  if (random.chance(0.3)) {
    files[".env"] = Object.entries(drawn()).map(([name, value]) => `${name}=${value}`).join("\n");
  }
  if (random.chance(0.2)) env[`${random.pick(names)}_FILE`] = random.pick(["/f", "/missing", ""]);
  const flags = random.chance(0.2)
    ? { [random.pick(names).toLowerCase().replaceAll("_", "-")]: configText(random) }
    : {};
  const now = random.pick([0, Date.UTC(2024, 0, 15), 8e15]);
  return Buffer.from(JSON.stringify({ env, files, flags, now }), "utf8");
}

function configText(random: SeededRandom): string {
  return random.chance(0.8) ? random.pick(CONFIG_TEXTS) : randomText(random, 30);
}

function checkConfig(input: Uint8Array): void {
  let sources: TestSources;
  try {
    sources = JSON.parse(Buffer.from(input).toString("utf8"));
  } catch {
    return; // damaged by hand: not a matter of the service
  }
  refusedOr(() => loadHttpConfig(configSources(sources)));
  const loaded = refusedOr(() => loadConfig(configSources(sources)));
  if (loaded !== null) checkShown(loaded, sources);
}

function refusedOr<T>(load: () => T): T | null {
  try {
    return load();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String((error as Error).stack));
    assert.ok(error.problems.length > 0);
    for (const each of error.problems) assert.ok(each.length > 0);
    return null;
  }
}

/** What `config` shows means the same when it is given again; secrets are not in it. */
function checkShown({ rows }: LoadedConfig, sources: TestSources): void {
  assert.equal(rows.length, SETTING_NAMES.length);
  const env: Record<string, string> = {};
  for (const { name, value } of rows) {
    const setting = settingOf(name);
    if (setting.kind === "file") {
      assert.ok(!setting.isSecret || !value?.includes(PRIVATE), `${name} is shown`);
    } else if (setting.kind !== "switch" && value !== null) env[name] = value;
  }
  const files = Object.fromEntries(
    rows.filter(({ name }) => settingOf(name).kind === "file").flatMap(({ name }) => {
      const given = sources.flags?.[flagOf(name)] || sources.env?.[name];
      const path = sources.env?.[`${name}_FILE`];
      return [...(given ? [[name, given]] : []), ...(path ? [[`${name}_FILE`, path]] : [])];
    }),
  );
  const again = refusedOr(() =>
    loadConfig(configSources({ ...sources, flags: {}, env: { ...env, ...files } }))
  );
  if (again === null) return; // a file setting came from `.env`
  for (const { name, value } of again.rows) {
    if (settingOf(name).kind === "switch") continue;
    assert.equal(value, rows.find((row) => row.name === name)?.value, name);
  }
}

// --- beside a committed offset

export const COMMIT_METADATA: FuzzTarget = {
  name: "commit-metadata",
  weight: 60,
  make: makeCommit,
  check: checkCommit,
};

const METADATA_MAX = 4_096;

/** The offset, a line break, the text. */
function makeCommit(random: SeededRandom): Uint8Array {
  const offset = random.chance(0.9) ? random.below(1_000) : 2 ** 53 - 1 - random.below(100);
  const done: OffsetRange[] = [];
  let after = offset;
  for (let left = random.below(random.chance(0.02) ? 1_500 : 6); left > 0; left--) {
    const first = after + random.between(1, random.chance(0.1) ? 1_000_000 : 5);
    const last = first + random.below(10);
    if (last > Number.MAX_SAFE_INTEGER) break;
    done.push({ first, last });
    after = last + 1;
  }
  const topicId = random.chance(0.5) ? random.below(16).toString(16).repeat(32) : null;
  const firstPartitions = random.chance(0.5) ? random.below(100) : null;
  const metadata = { firstPartitions, topicId, done };
  const text = encodeCommitMetadata(metadata, offset);
  const { done: kept, ...rest } = parseCommitMetadata(text, offset);
  assertSame(rest, { firstPartitions, topicId }, text);
  assertSame(kept, done.slice(0, kept.length), text);
  assert.ok(kept.length === done.length || text.length > METADATA_MAX - 200, "cut too early");
  return Buffer.concat([Buffer.from(`${offset}\n`), damageSome(random, Buffer.from(text))]);
}

function checkCommit(input: Uint8Array): void {
  const [first = "", ...rest] = Buffer.from(input).toString("utf8").split("\n");
  const offset = /^\d{1,15}$/.test(first) ? Number(first) : 0;
  const metadata = parseCommitMetadata(rest.join("\n"), offset);
  checkSane(metadata, offset);
  const text = encodeCommitMetadata(metadata, offset);
  assert.ok(Buffer.byteLength(text) <= METADATA_MAX, `${text.length} characters`);
  const again = parseCommitMetadata(text, offset);
  assertSame({ ...again, done: [] }, { ...metadata, done: [] });
  assertSame(again.done, metadata.done.slice(0, again.done.length));
}

/** What is done lies above the offset, in order: nothing below or between can be passed over by mistake. */
function checkSane({ done }: CommitMetadata, offset: number): void {
  let after = offset;
  for (const { first, last } of done) {
    assert.ok(first >= after && last >= first && Number.isSafeInteger(last), JSON.stringify(done));
    after = last + 1;
  }
}
