/**
 * Consumers by other clients that share a group with the service, as in a rolling migration from one to the other. They
 * write down what they do as the service's recording processes do, for the same oracle.
 */
import { startOnLibrdkafka } from "./librdkafka.ts";
import { Program } from "./program.ts";

/** Which client, by its assignor. */
export type ForeignKind = "kafkajs" | "range" | "cooperative-sticky";

const KAFKAJS_WORKER = new URL("./kafkajs_worker.ts", import.meta.url).pathname;

/** Starts one; `path` is where it writes. Ends in order on SIGTERM. */
export async function startForeignMember(
  kind: ForeignKind,
  { bootstrap, topic, group, path }: {
    readonly bootstrap: string;
    readonly topic: string;
    readonly group: string;
    readonly path: string;
  },
): Promise<Program> {
  const program = kind === "kafkajs"
    ? await Program.start({
      command: [Deno.execPath(), "run", "-A", "--no-check", KAFKAJS_WORKER],
      args: [bootstrap, topic, group, path],
    })
    : await startOnLibrdkafka("librdkafka_member.py", [bootstrap, topic, group, kind, path]);
  await program.waitForLine("consuming");
  return program;
}
