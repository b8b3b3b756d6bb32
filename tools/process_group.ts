/**
 * Runs a program in a process group of its own, so that whatever it starts can be ended with it. Kafka's nodes are
 * nobody's children: they are found in the directory that the program is told as TEST_RUN_DIR.
 */
import process from "node:process";
import { killNodesUnder } from "../tests/support/kafka_process.ts";

/** Starts `deno run -A` with these arguments, and when it is over or `stop` aborts ends all that is left of it. */
export async function runContained(
  args: readonly string[],
  { stop }: { readonly stop: AbortSignal },
): Promise<{ readonly code: number }> {
  const directory = await Deno.makeTempDir({ prefix: "processing-service-run-" });
  try {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", ...args],
      // What it leaves in its own temporary files is deleted, too.
      env: { TEST_RUN_DIR: directory, TMPDIR: directory },
      stdin: "null",
      detached: true,
    }).spawn();
    const end = () => void signalGroup(child.pid, "SIGKILL");
    stop.addEventListener("abort", end, { once: true });
    if (stop.aborted) end();
    const { code } = await child.status;
    stop.removeEventListener("abort", end);
    end();
    return { code };
  } finally {
    await killNodesUnder(directory);
    await Deno.remove(directory, { recursive: true });
  }
}

/** Signals everything in the group of that leader. False when there is nothing left. */
export function signalGroup(leaderPid: number, signal: Deno.Signal): boolean {
  try {
    return process.kill(-leaderPid, signal);
  } catch {
    return false;
  }
}
