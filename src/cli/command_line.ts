/**
 * From the arguments to a command, its own flags and those that are settings. Whatever is not understood is an error,
 * all of it at once, as a flag that is silently ignored is a setting that is silently not made.
 */
import { parseArgs } from "node:util";
import { closest } from "fastest-levenshtein";
import {
  COMMAND_NAMES,
  type CommandName,
  COMMANDS,
  type CommandSpec,
} from "../commands/catalog.ts";
import { flagOf, SETTING_NAMES, settingOf } from "../config/settings.ts";

/** The command line cannot be understood. The message holds every problem, one a line. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`Cannot understand the command line:${problems.map((each) => `\n  ${each}`).join("")}`);
    this.problems = problems;
  }
}

export interface CommandLine {
  readonly command: CommandName;
  /** The overview, where no command was named. */
  readonly help: "overview" | "command" | null;
  readonly version: boolean;
  /** Texts by flag name, without dashes. */
  readonly settings: ReadonlyMap<string, string>;
  /** Texts of the command's own flags, by flag name. */
  readonly own: ReadonlyMap<string, string>;
}

/** @throws UsageError */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...args],
    options: PARSE_OPTIONS,
    strict: false,
    tokens: true,
  });
  const { words, given, problems } = readTokens(tokens);
  const { command, asksHelp, problems: wrongWords } = readWords(words);
  problems.push(...wrongWords);
  const settings = takeOut(given, settingFlags(COMMANDS[command]));
  const own = takeOut(given, Object.keys(COMMANDS[command].ownFlags).map(ownFlagName));
  const help = given.delete("help") || asksHelp;
  const version = given.delete("version");
  for (const name of given.keys()) problems.push(`--${name}: not a flag of ${command}`);
  if (problems.length > 0) throw new UsageError(problems);
  const named = words.some((word) => word !== HELP_WORD);
  return {
    command,
    help: help ? (named ? "command" : "overview") : null,
    version,
    settings,
    own,
  };
}

/** `--invalid-share` of `invalidShare`, without the dashes. */
export function ownFlagName(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The settings that a command takes as flags: all, or only where HTTP listens. */
export function settingFlags({ settings }: CommandSpec): readonly string[] {
  return SETTING_NAMES
    .filter((name) => settings === "all" || name === "HTTP_HOST" || name === "HTTP_PORT")
    .flatMap((name) => {
      const setting = settingOf(name);
      if (setting.kind !== "file") return [flagOf(name)];
      const file = `${flagOf(name)}-file`;
      return setting.isSecret ? [file] : [flagOf(name), file];
    });
}

const HELP_WORD = "help";

/** Flags that need no value. */
const SWITCHES: ReadonlySet<string> = new Set([
  "help",
  "version",
  ...SETTING_NAMES.filter((name) => {
    const setting = settingOf(name);
    return setting.kind !== "file" && setting.type.placeholder === null;
  }).map(flagOf),
  ...COMMAND_NAMES.flatMap((name) => {
    const flags: CommandSpec["ownFlags"] = COMMANDS[name].ownFlags;
    return Object.keys(flags).filter((field) => flags[field]?.type.placeholder === null);
  }).map(ownFlagName),
]);

const FLAGS: readonly string[] = [
  "help",
  "version",
  ...settingFlags(COMMANDS.run),
  ...COMMAND_NAMES.flatMap((name) => Object.keys(COMMANDS[name].ownFlags).map(ownFlagName)),
];

const SHORT: Readonly<Record<string, string>> = { help: "h", version: "V" };

const PARSE_OPTIONS = Object.fromEntries(FLAGS.map((flag) => {
  const type = SWITCHES.has(flag) ? "boolean" as const : "string" as const;
  const short = SHORT[flag];
  return [flag, short === undefined ? { type } : { type, short }];
}));

/** Secrets have no flag of their own; who tries is told what to do instead. */
const SECRET_FLAGS: ReadonlyMap<string, string> = new Map(
  SETTING_NAMES.filter((name) => {
    const setting = settingOf(name);
    return setting.kind === "file" && setting.isSecret;
  }).map((name) => [flagOf(name), name]),
);

interface FlagToken {
  readonly kind: "option";
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

type Token =
  | FlagToken
  | { readonly kind: "positional"; readonly value: string }
  | { readonly kind: "option-terminator" };

/** The words that are no flags, the texts of the flags, and what is wrong with them. */
function readTokens(
  tokens: readonly Token[],
): { words: string[]; given: Map<string, string>; problems: string[] } {
  const words: string[] = [];
  const given = new Map<string, string>();
  const problems: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind === "option") {
      const flag = readFlag(token);
      if ("problem" in flag) problems.push(flag.problem);
      else given.set(flag.name, flag.text);
    }
    if (token.kind === "positional") {
      const before = tokens[index - 1];
      const flag = before?.kind === "option" && before.value === undefined ? before : null;
      if (flag === null) words.push(token.value);
      else if (isSwitchValue(flag, token.value)) given.set(flag.name, token.value);
      // What stands behind a flag that is wrong is its value, and may be a secret.
      else if (!("problem" in readFlag(flag))) words.push(token.value);
    }
  }
  return { words, given, problems };
}

/** `--enable-auto-commit false`, as for any other flag. */
function isSwitchValue({ name }: FlagToken, value: string): boolean {
  return SWITCHES.has(name) && (value === "true" || value === "false");
}

/** A flag with its text, or what is wrong with it. */
function readFlag(token: FlagToken): { name: string; text: string } | { problem: string } {
  const { name, rawName, value, inlineValue } = token;
  const negated = name.startsWith("no-") ? name.slice(3) : null;
  if (negated !== null && SWITCHES.has(negated) && value === undefined) {
    return { name: negated, text: "false" };
  }
  const secret = SECRET_FLAGS.get(name);
  if (secret !== undefined) {
    return {
      problem: `${rawName}: others can read command lines, set ${secret} or ${rawName}-file`,
    };
  }
  if (!FLAGS.includes(name)) {
    const nearest = closest(name.toLowerCase().replaceAll("_", "-"), [...FLAGS]);
    return { problem: `${rawName}: unknown flag, did you mean --${nearest}?` };
  }
  if (SWITCHES.has(name)) return { name, text: value ?? "true" };
  if (value === undefined || (!inlineValue && value.startsWith("--"))) {
    return { problem: `${rawName}: needs a value` };
  }
  return { name, text: value };
}

/** The words that are no flags: a command, with `help` before or after it. */
function readWords(
  words: readonly string[],
): { command: CommandName; asksHelp: boolean; problems: readonly string[] } {
  const [word, ...rest] = words.filter((each) => each !== HELP_WORD);
  const asksHelp = words.includes(HELP_WORD);
  const command = COMMAND_NAMES.find((name) => name === word);
  const problems = rest.map((each) => `${each}: unexpected`);
  if (word !== undefined && command === undefined) {
    const nearest = closest(word, [...COMMAND_NAMES]);
    problems.unshift(`${word}: unknown command, did you mean ${nearest}?`);
  }
  return { command: command ?? "run", asksHelp, problems };
}

function takeOut(from: Map<string, string>, names: readonly string[]): Map<string, string> {
  const taken = new Map<string, string>();
  for (const name of names) {
    const text = from.get(name);
    if (text === undefined) continue;
    taken.set(name, text);
    from.delete(name);
  }
  return taken;
}
