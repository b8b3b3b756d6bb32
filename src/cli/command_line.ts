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
  GROUPS,
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
  /** The word that stands behind a command that takes one; null for the others. */
  readonly argument: string | null;
  readonly help: HelpTopic | null;
  readonly version: boolean;
  /** Texts by flag name, without dashes. */
  readonly settings: ReadonlyMap<string, string>;
  /** Texts of the command's own flags, by flag name. */
  readonly own: ReadonlyMap<string, string>;
}

/** What help is asked for: everything, the commands that share a first word, or one command. */
export type HelpTopic =
  | { readonly of: "all" }
  | { readonly of: "group"; readonly name: string }
  | { readonly of: "command"; readonly name: CommandName };

/** @throws UsageError */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...args],
    options: PARSE_OPTIONS,
    strict: false,
    tokens: true,
  });
  const { words, given, problems } = readTokens(tokens);
  const { command, argument, topic, problems: wrongWords } = readWords(words);
  const help = given.delete("help") || words.includes(HELP_WORD);
  if (help && topic.of === "group") return { ...ASKS_HELP, command, help: topic };
  problems.push(...wrongWords);
  const settings = takeOut(given, settingFlags(COMMANDS[command]));
  const own = takeOut(given, Object.keys(COMMANDS[command].ownFlags).map(ownFlagName));
  const version = given.delete("version");
  for (const name of given.keys()) problems.push(`--${name}: not a flag of ${command}`);
  const spec: CommandSpec = COMMANDS[command];
  if (spec.argument !== undefined && argument === null && !help && !version) {
    problems.push(`${command}: needs a ${spec.argument.placeholder}`);
  }
  if (problems.length > 0) throw new UsageError(problems);
  return { command, argument, help: help ? topic : null, version, settings, own };
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

const ASKS_HELP = {
  argument: null,
  version: false,
  settings: new Map<string, string>(),
  own: new Map<string, string>(),
} as const;

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

interface Words {
  readonly command: CommandName;
  readonly argument: string | null;
  /** What these words would ask help for. */
  readonly topic: HelpTopic;
  readonly problems: readonly string[];
}

/** The words that are no flags: a command, of one word or two, and what it takes, with `help` before or after it. */
function readWords(all: readonly string[]): Words {
  const words = all.filter((each) => each !== HELP_WORD);
  const [first, second] = words;
  if (first === undefined) {
    return { command: "run", argument: null, topic: { of: "all" }, problems: [] };
  }
  const group = GROUPS[first];
  if (group !== undefined && second === undefined) {
    const problems = [
      `${first}: say what to do with them, ${lastWords(group.commands).join(", ")}`,
    ];
    return { command: "run", argument: null, topic: { of: "group", name: first }, problems };
  }
  const name = group === undefined ? first : `${first} ${second}`;
  const command = COMMAND_NAMES.find((each) => each === name);
  const rest = words.slice(group === undefined ? 1 : 2);
  if (command === undefined) {
    const nearest = group === undefined
      ? closest(first, [...COMMAND_NAMES, ...Object.keys(GROUPS)])
      : closest(second ?? "", lastWords(group.commands));
    const problem = `${name}: unknown command, did you mean ${nearest}?`;
    const unexpected = rest.map((each) => `${each}: unexpected`);
    return {
      command: "run",
      argument: null,
      topic: { of: "all" },
      problems: [problem, ...unexpected],
    };
  }
  const spec: CommandSpec = COMMANDS[command];
  const argument = spec.argument === undefined ? null : rest.shift() ?? null;
  const problems = rest.map((each) => `${each}: unexpected`);
  return { command, argument, topic: { of: "command", name: command }, problems };
}

function lastWords(names: readonly CommandName[]): string[] {
  return names.map((name) => name.slice(name.indexOf(" ") + 1));
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
