/** What `--help` prints: made from the tables of commands and settings, so that it cannot lag behind them. */
import {
  COMMAND_NAMES,
  type CommandName,
  COMMANDS,
  type CommandSpec,
  GROUPS as COMMAND_GROUPS,
} from "../commands/catalog.ts";
import { GROUPS, type Setting } from "../config/setting.ts";
import { flagOf, SETTING_NAMES, type SettingName, settingOf } from "../config/settings.ts";
import { type HelpTopic, ownFlagName, settingFlags } from "./command_line.ts";

const PROGRAM = "processing-service";
const WIDTH = 100;

/** What `--help` and `help` print. */
export function helpText(topic: HelpTopic, version: string): string {
  if (topic.of === "command") return commandHelp(topic.name);
  return topic.of === "group" ? groupHelp(topic.name) : overview(version);
}

/** Everything: what it is, the commands, each setting, how it ends. */
function overview(version: string): string {
  return [
    `Processing Service ${version}: consumes user activity events from Kafka and never loses one`,
    "",
    `Usage: ${PROGRAM} [command] [flags]`,
    "",
    "Commands:",
    ...commandLines(COMMAND_NAMES),
    "",
    `  ${PROGRAM} help COMMAND   explains one of them`,
    "",
    ...examplesOf(COMMAND_NAMES.map((name) => COMMANDS[name])),
    ...settingLines(COMMANDS.run),
    ...GENERAL,
    ...EXIT_CODES,
  ].join("\n");
}

/** The commands that share a first word. */
function groupHelp(group: string): string {
  const { description, commands } = COMMAND_GROUPS[group] ?? { description: "", commands: [] };
  return [
    ...wrap(description, ""),
    "",
    "Commands:",
    ...commandLines(commands),
    "",
    `  ${PROGRAM} help ${group} COMMAND   explains one of them`,
    "",
    ...examplesOf(commands.map((name) => COMMANDS[name])),
  ].join("\n").trimEnd();
}

function commandLines(names: readonly CommandName[]): readonly string[] {
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name].summary}`);
}

/** One command: what it does, its own flags, its settings. */
function commandHelp(name: CommandName): string {
  const command: CommandSpec = COMMANDS[name];
  return [
    ...wrap(command.description, ""),
    "",
    `Usage: ${PROGRAM} ${name}${
      command.argument ? ` ${command.argument.placeholder}` : ""
    } [flags]`,
    "",
    ...argumentLines(command),
    ...ownFlagLines(command),
    ...examplesOf([command]),
    ...settingLines(command),
    ...GENERAL,
    ...EXIT_CODES,
  ].join("\n");
}

const GENERAL = [
  "General:",
  "  -h, --help      this text",
  "  -V, --version   the version",
  "",
];

const EXIT_CODES = [
  "Exit codes:",
  "  0    all done, or drained after a signal",
  "  1    healthcheck: not well",
  "  64   the command line cannot be understood",
  "  65   an offset is gone, and AUTO_OFFSET_RESET=none refuses to choose another; no such dead letter",
  "  69   no broker or no topic within MAX_RETRIES attempts",
  "  70   a bug in the service, or a handler that threw FatalError",
  "  75   stopped before all that was in flight was done; it comes again after the restart",
  "  77   the brokers refuse our credentials or permissions",
  "  78   settings that cannot work",
  "  130, 143   a second SIGINT or SIGTERM",
];

function examplesOf(commands: readonly CommandSpec[]): readonly string[] {
  const lines = commands.flatMap(({ examples }) =>
    examples.flatMap(({ line, does }) => [`  ${PROGRAM} ${line}`, `      ${does}`])
  );
  return lines.length === 0 ? [] : ["Examples:", ...lines, ""];
}

function argumentLines({ argument }: CommandSpec): readonly string[] {
  if (argument === undefined) return [];
  return [`  ${argument.placeholder}`, ...wrap(argument.doc.replaceAll("`", ""), "      "), ""];
}

function ownFlagLines({ ownFlags }: CommandSpec): readonly string[] {
  const lines = Object.entries(ownFlags).flatMap(([field, { type, default: value, doc }]) => [
    ...flagLines([withPlaceholder(ownFlagName(field), type.placeholder)], {
      doc,
      fallback: type.placeholder === null ? null : value,
    }),
  ]);
  return lines.length === 0 ? [] : ["Flags of this command:", ...lines, ""];
}

function settingLines(command: CommandSpec): readonly string[] {
  const flags = new Set(settingFlags(command));
  const names = SETTING_NAMES.filter((name) =>
    flags.has(flagOf(name)) || flags.has(`${flagOf(name)}-file`)
  );
  const groups = GROUPS.flatMap((group) => {
    const lines = names.filter((name) => settingOf(name).group === group).flatMap(oneSetting);
    return lines.length === 0 ? [] : [`${group}:`, ...lines, ""];
  });
  return [
    ...wrap(
      "Each setting is a flag, a variable of the same name in capitals (--kafka-brokers is KAFKA_BROKERS), " +
        "or a line in the file .env; the first of these counts. Defaults stand in brackets.",
      "",
    ),
    "",
    ...groups,
  ];
}

function oneSetting(name: SettingName): readonly string[] {
  const setting = settingOf(name);
  const flag = flagOf(name);
  if (setting.kind !== "file") {
    const flags = [withPlaceholder(flag, setting.type.placeholder)];
    return flagLines(flags, { doc: setting.doc, fallback: fallbackOf(setting) });
  }
  const flags = [withPlaceholder(`${flag}-file`, "FILE")];
  if (!setting.isSecret) flags.push(withPlaceholder(flag, setting.content));
  const doc = setting.isSecret ? `${setting.doc}; its text itself only as variable` : setting.doc;
  return flagLines(flags, { doc, fallback: null });
}

function fallbackOf(setting: Exclude<Setting, { kind: "file" }>): string | null {
  if (setting.kind === "switch") return null;
  if (setting.kind === "optional") return setting.unset.replaceAll("`", "");
  const { default: value, developmentDefault, preset } = setting;
  const others = Object.entries(preset?.defaults ?? {}).map(([name, text]) => `${name} ${text}`);
  if (developmentDefault !== undefined) others.push(`in development ${developmentDefault}`);
  return [value, ...others].join(", ");
}

function withPlaceholder(flag: string, placeholder: string | null): string {
  return placeholder === null ? `--${flag}` : `--${flag} ${placeholder}`;
}

function flagLines(
  flags: readonly string[],
  { doc, fallback }: { doc: string; fallback: string | null },
): readonly string[] {
  const end = fallback === null ? "" : `   [${fallback}]`;
  return [`  ${flags.join(", ")}${end}`, ...wrap(doc.replaceAll("`", ""), "      ")];
}

function wrap(text: string, indent: string): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + word.length + 1 > WIDTH && line.trim() !== "") {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
