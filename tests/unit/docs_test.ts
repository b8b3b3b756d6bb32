/**
 * env.example and docs/configuration.md say what the table of settings says, docs/troubleshooting.md what the doctor's
 * table of findings does. UPDATE_DOCS=1 writes them anew; run `deno fmt docs` afterwards.
 */
import assert from "node:assert/strict";
import { loadConfig } from "../../src/config.ts";
import { parseDotenv } from "../../src/config/dotenv.ts";
import { EXIT } from "../../src/ops/exit.ts";
import { configSources } from "../support/config_sources.ts";
import { envExample, settingTables } from "../support/settings_docs.ts";
import { findingParts } from "../support/troubleshooting_docs.ts";

const ENV_EXAMPLE = new URL("../../env.example", import.meta.url);
const CONFIGURATION = new URL("../../docs/configuration.md", import.meta.url);
const TROUBLESHOOTING = new URL("../../docs/troubleshooting.md", import.meta.url);
const UPDATE = Deno.env.get("UPDATE_DOCS") === "1";

Deno.test("env.example follows from the table of settings", async () => {
  if (UPDATE) await Deno.writeTextFile(ENV_EXAMPLE, envExample());
  assert.equal(await Deno.readTextFile(ENV_EXAMPLE), envExample());
});

Deno.test("env.example works as it stands, and changes no default", async () => {
  const content = await Deno.readTextFile(ENV_EXAMPLE);
  const fromExample = loadConfig(configSources({ files: { ".env": content } })).config;
  assert.deepEqual(fromExample, loadConfig(configSources()).config);
  const uncommented = content.replace(/^# (?=[A-Z_]+=)/gm, "");
  assert.deepEqual(loadConfig(configSources({ files: { ".env": uncommented } })).unknown, []);
  assert.equal(Object.keys(parseDotenv(content)).length, 8);
});

Deno.test("docs/configuration.md holds the table of each group", async () => {
  let text = await Deno.readTextFile(CONFIGURATION);
  for (const [group, table] of settingTables()) {
    const [start, end] = [`<!-- settings: ${group} -->`, "<!-- end of settings -->"];
    const from = text.indexOf(start);
    const to = text.indexOf(end, from);
    assert.ok(from >= 0 && to > from, `${start} ... ${end} is missing`);
    if (UPDATE) text = `${text.slice(0, from)}${start}\n\n${table}\n\n${text.slice(to)}`;
    else assert.equal(condensed(text.slice(from + start.length, to)), condensed(table), group);
  }
  if (UPDATE) await Deno.writeTextFile(CONFIGURATION, text);
});

Deno.test("docs/troubleshooting.md follows from the doctor's table of findings", async () => {
  let text = await Deno.readTextFile(TROUBLESHOOTING);
  for (const [section, part] of findingParts()) {
    const [start, end] = [`<!-- findings: ${section} -->`, "<!-- end of findings -->"];
    const from = text.indexOf(start);
    const to = text.indexOf(end, from);
    assert.ok(from >= 0 && to > from, `${start} ... ${end} is missing`);
    if (UPDATE) text = `${text.slice(0, from)}${start}\n\n${part}\n\n${text.slice(to)}`;
    else assert.equal(text.slice(from + start.length, to).trim(), part, section);
  }
  if (UPDATE) await Deno.writeTextFile(TROUBLESHOOTING, text);
});

Deno.test("docs/configuration.md explains each exit code", async () => {
  const text = await Deno.readTextFile(CONFIGURATION);
  for (const code of Object.values(EXIT)) {
    assert.match(text, new RegExp(`^\\| ${code} +\\|`, "m"), `exit code ${code}`);
  }
});

/** Without what the formatter pads. */
function condensed(table: string): string {
  return table.trim().replace(/ +/g, " ").replace(/-{3,}/g, "---");
}
