/**
 * Kafka's own command line tools, as a second opinion on what the service committed: what an operator would see.
 * Needs Java 17 and Maven.
 */
import { run } from "./command.ts";
import { toolsClassPath } from "./kafka_jars.ts";

const TOOL_DEADLINE_MS = 60_000;

/** One line of `kafka-consumer-groups --describe`. Numbers are null where the tool prints `-`. */
export interface GroupLag {
  readonly topic: string;
  readonly partition: number;
  readonly committed: number | null;
  readonly logEnd: number | null;
  readonly lag: number | null;
}

/** Runs a tool by its class name, say `org.apache.kafka.tools.consumer.group.ConsumerGroupCommand`, and answers its output. */
export async function kafkaTool(className: string, args: readonly string[]): Promise<string> {
  const classPath = await toolsClassPath();
  const java = [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
  ];
  return await run([...java, "-cp", classPath, className, ...args], {
    deadlineMs: TOOL_DEADLINE_MS,
  });
}

/** What `kafka-consumer-groups --describe --group` says of the group, by topic and partition. */
export async function describeGroupLag(
  bootstrap: string,
  group: string,
): Promise<readonly GroupLag[]> {
  const args = ["--bootstrap-server", bootstrap, "--describe", "--group", group];
  return parseGroupLag(
    await kafkaTool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", args),
  );
}

/** Reads the table by the names in its head: versions differ in their columns. */
export function parseGroupLag(output: string): readonly GroupLag[] {
  const rows = output.split("\n").map((line) => line.trim().split(/\s+/));
  const headAt = rows.findIndex((cells) => cells.includes("CURRENT-OFFSET"));
  if (headAt === -1) throw new Error(`Cannot read the group's description: ${output.trim()}`);
  const head = rows[headAt] ?? [];
  const cell = (row: readonly string[], name: string) => row[head.indexOf(name)] ?? "-";
  const number = (text: string) => text === "-" ? null : Number(text);
  return rows.slice(headAt + 1).filter((row) => row.length >= head.length).map((row) => ({
    topic: cell(row, "TOPIC"),
    partition: Number(cell(row, "PARTITION")),
    committed: number(cell(row, "CURRENT-OFFSET")),
    logEnd: number(cell(row, "LOG-END-OFFSET")),
    lag: number(cell(row, "LAG")),
  }));
}
