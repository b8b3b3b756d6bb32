/** `config`: what each setting is and where it comes from, for the question why the service does what it does. */
import { EVENT_SHAPE, type ShapeOfSchema } from "../event.ts";
import type { Config, ConfigRow } from "../config.ts";
import { GROUPS } from "../config/setting.ts";
import { settingOf } from "../config/settings.ts";
import { splitConfig, workerCount } from "../workers/split.ts";
import { type CommandContext, EXIT } from "./command.ts";

export function run({ config, rows, unknown, print }: CommandContext): Promise<number> {
  const nameWidth = Math.max(...rows.map(({ name }) => name.length));
  const valueWidth = Math.max(...rows.map((row) => shown(row).length));
  const lines: string[] = [];
  for (const group of GROUPS) {
    lines.push(group);
    for (const row of rows.filter((each) => each.group === group)) {
      const value = shown(row).padEnd(valueWidth);
      lines.push(`  ${row.name.padEnd(nameWidth)}  ${value}  ${row.origin}`);
    }
    lines.push("");
  }
  lines.push(readingText(config, EVENT_SHAPE), "");
  lines.push(...sharesOf(config));
  lines.push(unknown.length === 0 ? "No unknown variables" : "Unknown variables, not used");
  for (const name of unknown) lines.push(`  ${name}`);
  print(lines.join("\n"));
  return Promise.resolve(EXIT.OK);
}

/** How values are read, and why in the plain way. */
export function readingText(
  { fastPath }: Pick<Config, "fastPath">,
  { unsupported }: ShapeOfSchema,
): string {
  if (fastPath === "off") return "Events are decoded in the plain way: FAST_PATH=off";
  if (unsupported === null) return "Events are scanned, and decoded where that is not sure";
  return `Events are decoded, as their schema cannot be scanned: ${unsupported}`;
}

/** What each worker gets; nothing where there is one. */
function sharesOf(config: Config): readonly string[] {
  const of = workerCount(config, navigator.hardwareConcurrency);
  if (of === 1) return [];
  const shares = Array.from({ length: of }, (_, index) => {
    const own = splitConfig(config, { index, of });
    const instance = own.kafkaGroupInstanceId;
    const id = instance === null ? "" : `, KAFKA_GROUP_INSTANCE_ID ${instance}`;
    return `  ${index}  KAFKA_CLIENT_ID ${own.kafkaClientId}${id}, CONCURRENCY ${own.concurrency}, ` +
      `MAX_BUFFER_BYTES ${own.maxBufferBytes}`;
  });
  return [`Shares of ${of} workers`, ...shares, ""];
}

function shown({ name, value }: ConfigRow): string {
  if (value !== null) return value;
  const setting = settingOf(name);
  return setting.kind === "optional" ? `(${setting.unset.replaceAll("`", "")})` : "(not set)";
}
