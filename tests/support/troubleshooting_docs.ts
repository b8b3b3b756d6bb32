/** docs/troubleshooting.md as far as it follows from the doctor's table of findings. */
import { type Finding, SECTIONS } from "../../src/doctor/finding.ts";
import { FINDING_IDS, findingOf } from "../../src/doctor/findings.ts";
import { diagnosisSamples } from "./diagnosis_samples.ts";

/** One part a section, by its name. */
export function findingParts(): ReadonlyMap<string, string> {
  return new Map(SECTIONS.map((section) => {
    const ids = FINDING_IDS.filter((id) => findingOf(id).section === section);
    return [section, ids.map((id) => findingText(id, findingOf(id))).join("\n\n")];
  }));
}

/** What a reader sees in place of a fact. */
const PLACEHOLDERS: Readonly<Record<string, string>> = {
  cluster: "--bootstrap-server <broker>",
  create:
    "kafka-topics.sh --bootstrap-server <broker> --create --topic <topic> --partitions <as the source> --replication-factor <as the source>",
  advice: "Do what the report says: raise a setting, update this service, or convert the topic",
};

export function withPlaceholders(text: string): string {
  return text.replace(/\{(\w+)\}/g, (_, name: string) => PLACEHOLDERS[name] ?? `<${name}>`);
}

function findingText(id: string, finding: Finding): string {
  const { title, status, exitCode, commands } = finding;
  const fix = finding.fix ?? diagnosisSamples().get(id)?.hint;
  if (fix === undefined) throw new Error(`Add a sample of the diagnosis: ${id}`);
  const verdict = status === "failed" ? `failed, exit code ${exitCode}` : "warning";
  const lines = [
    `### \`${id}\``,
    "",
    `${title}. _(${verdict})_`,
    "",
    `${escapeAngles(withPlaceholders(fix))}.`,
  ];
  if (commands.length > 0) {
    lines.push("", "```", ...commands.map(withPlaceholders), "```");
  }
  return lines.join("\n");
}

/** Outside of code, `<host>` would be read as HTML. */
function escapeAngles(text: string): string {
  return text.replace(/<(\w[\w ]*)>/g, "`<$1>`");
}
