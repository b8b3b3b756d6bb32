/** What files that start the service say of it, held against the tables of the code. */
import assert from "node:assert/strict";
import { runCommandLine } from "../../src/cli.ts";
import { parseCommandLine } from "../../src/cli/command_line.ts";
import { loadConfig } from "../../src/config.ts";
import { SETTING_NAMES, settingOf } from "../../src/config/settings.ts";
import { configSources } from "./config_sources.ts";

const ROOT = new URL("../../", import.meta.url);

/** Variables that are Deno's, not ours. */
const RUNTIME_VARIABLES: ReadonlySet<string> = new Set(["DENO_USE_CGROUPS"]);

/** Past DRAIN_TIMEOUT_MS: the last commit, the leave, the ends of HTTP and log, with something to spare. */
const AFTER_DRAIN_MS = 10_000;

/** Of the service as it is without settings. */
export const DEFAULTS = loadConfig(configSources()).config;

export function readProjectFile(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

export async function isInProject(path: string): Promise<boolean> {
  return await Deno.stat(new URL(path, ROOT)).then(() => true, () => false);
}

/** Each variable is a setting, and the service takes its value; files of secrets need not exist here. */
export function assertSettings(env: Readonly<Record<string, string>>): void {
  const files: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (RUNTIME_VARIABLES.has(name)) continue;
    const setting = SETTING_NAMES.find((each) => each === name || `${each}_FILE` === name);
    assert.ok(setting !== undefined, `${name} is no setting`);
    if (setting !== name) assert.equal(settingOf(setting).kind, "file", name);
    if (setting !== name) files[value] = "secret";
  }
  assert.deepEqual(loadConfig(configSources({ env, files })).unknown, []);
}

/** The program understands this command line, and its help says so. */
export async function assertCommandLine(args: readonly string[]): Promise<void> {
  const { command } = parseCommandLine(args);
  const printed: string[] = [];
  const code = await runCommandLine({
    args: [...args, "--help"],
    env: {},
    readFile: () => assert.fail("help reads nothing"),
    version: "0",
    commit: null,
    print: (text) => printed.push(text),
    printError: (text) => printed.push(text),
  });
  assert.equal(code, 0, printed.join("\n"));
  assert.ok(printed.join("\n").includes(`processing-service ${command}`) || args.length === 0);
}

/** Who stops the service with this much time does not kill it while it finishes its work. */
export function assertGracePeriod(
  graceMs: number,
  drainTimeoutMs: number = DEFAULTS.drainTimeoutMs,
): void {
  const neededMs = drainTimeoutMs + AFTER_DRAIN_MS;
  assert.ok(graceMs >= neededMs, `${graceMs} ms to stop, and it may take ${neededMs} ms`);
}
