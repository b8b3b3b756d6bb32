/** The texts that follow from the table of settings: env.example, and the tables of docs/configuration.md. */
import { GROUPS, type Setting } from "../../src/config/setting.ts";
import { flagOf, SETTING_NAMES, type SettingName, settingOf } from "../../src/config/settings.ts";

/** The owner's own eight stand in env.example with their values, the others as comments. */
const OWNERS: ReadonlySet<string> = new Set([
  "KAFKA_BROKERS",
  "KAFKA_TOPIC",
  "KAFKA_GROUP_ID",
  "AUTO_OFFSET_RESET",
  "ENABLE_AUTO_COMMIT",
  "MAX_RETRIES",
  "RETRY_DELAY",
  "ENVIRONMENT",
]);

export function envExample(): string {
  const lines = [
    "# Copy to .env. Flags and variables of the environment count before what stands here.",
    "# A value that is empty counts as not set. docs/configuration.md explains more.",
  ];
  for (const group of GROUPS) {
    const names = namesOf(group).filter((name) => settingOf(name).kind !== "switch");
    lines.push("", `# --- ${group} ---`);
    for (const name of names) lines.push("", `# ${settingOf(name).doc}`, ...exampleLines(name));
  }
  return `${lines.join("\n")}\n`;
}

/** One Markdown table for each group, by its name. */
export function settingTables(): ReadonlyMap<string, string> {
  return new Map(GROUPS.map((group) => {
    const rows = namesOf(group).map((name) => {
      const setting = settingOf(name);
      const cells = [nameCell(name, setting), defaultCell(setting), labelOf(setting), setting.doc];
      return `| ${cells.join(" | ")} |`;
    });
    const head = ["| setting | default | value | meaning |", "| --- | --- | --- | --- |"];
    return [group, [...head, ...rows].join("\n")];
  }));
}

function namesOf(group: string): readonly SettingName[] {
  return SETTING_NAMES.filter((name) => settingOf(name).group === group);
}

function exampleLines(name: SettingName): readonly string[] {
  const setting = settingOf(name);
  if (setting.kind === "file") return [`# ${name}_FILE=`];
  if (setting.kind === "optional") return [`# ${name}=`];
  return [OWNERS.has(name) ? `${name}=${setting.default}` : `# ${name}=${setting.default}`];
}

function nameCell(name: SettingName, { kind }: Setting): string {
  if (kind === "switch") return `\`--${flagOf(name)}\` (flag only)`;
  return kind === "file" ? `\`${name}\`, \`${name}_FILE\`` : `\`${name}\``;
}

function defaultCell(setting: Setting): string {
  if (setting.kind === "file") return "not set";
  if (setting.kind === "optional") return setting.unset;
  const value = `\`${setting.default}\``;
  if (setting.kind === "switch") return value;
  const { developmentDefault, preset } = setting;
  const others = Object.entries(preset?.defaults ?? {}).map(([name, text]) =>
    `${name} \`${text}\``
  );
  if (developmentDefault !== undefined) others.push(`in development \`${developmentDefault}\``);
  return [value, ...others].join(", ");
}

function labelOf(setting: Setting): string {
  if (setting.kind !== "file") return setting.type.label;
  const content = setting.content === "PEM" ? "PEM text" : "text";
  return setting.isSecret ? `${content}, secret` : content;
}
