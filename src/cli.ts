/** The command line: a flag for each setting, `--help` and `--version`. */
import { parseArgs } from "node:util";
import { distance } from "fastest-levenshtein";
import { flagOf, SETTING_NAMES, settingOf } from "./config/settings.ts";

export type CommandLine =
  | { readonly kind: "run"; readonly flags: ReadonlyMap<string, string> }
  | { readonly kind: "help" | "version" }
  | { readonly kind: "usage"; readonly problem: string };

/** The words after the program's name. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const known = new Map(SETTING_NAMES.map((name) => {
    const type = settingOf(name).kind === "switch" ? "boolean" as const : "string" as const;
    return [flagName(name), { type }];
  }));
  const words = args[0] === "run" ? args.slice(1) : [...args];
  for (const word of words) {
    const name = word.match(/^--([^=]+)/)?.[1];
    if (name === undefined || known.has(name) || name === "help" || name === "version") continue;
    const [nearest] = [...known.keys()].sort((a, b) => distance(a, name) - distance(b, name));
    return { kind: "usage", problem: `Unknown flag: --${name}, did you mean --${nearest}?` };
  }
  try {
    const help = { type: "boolean" } as const;
    const options = { ...Object.fromEntries(known), help, version: help };
    const { values } = parseArgs({ args: words, options, strict: true });
    if (values["help"]) return { kind: "help" };
    if (values["version"]) return { kind: "version" };
    const flags = Object.entries(values).map(([name, value]) => [name, String(value)] as const);
    return { kind: "run", flags: new Map(flags) };
  } catch (error) {
    return { kind: "usage", problem: (error as Error).message };
  }
}

export function helpText(): string {
  const flags = SETTING_NAMES.map((name) => `  --${flagName(name)}`).join("\n");
  return `Consumes user activity events from Kafka and never loses one.\n\n` +
    `Usage: processing-service [run] [flags]\n\n` +
    `Every setting is a flag, or an environment variable of the same name (--kafka-brokers is KAFKA_BROKERS):\n` +
    `${flags}\n  --help\n  --version\n`;
}

function flagName(name: string): string {
  return flagOf(name);
}
