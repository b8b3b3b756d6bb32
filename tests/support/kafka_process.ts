/**
 * One node of Apache Kafka as a Java process. It is nobody's child and is known by its directory alone
 * (configuration, data, pid, log): whoever has the directory can end it, also after a test process that crashed.
 */
import process from "node:process";
import { run } from "./command.ts";
import { eventually } from "./eventually.ts";

/** Where a node is and how it is run. */
export interface KafkaProcessOptions {
  readonly id: number;
  /** Holds `server.properties`; gets `pid`, `kafka.log` and whatever the properties say. */
  readonly directory: string;
  readonly classPath: string;
  readonly heap: string;
  /** host:port of each listener. */
  readonly addresses: Readonly<Record<string, string>>;
}

const READY_DEADLINE_MS = 90_000;
const CLEAN_STOP_DEADLINE_MS = 40_000;
const KILL_DEADLINE_MS = 10_000;
const FORMAT_DEADLINE_MS = 60_000;
const POLL_PAUSE_MS = 50;
/** The last line of a start: from here on the node also stops cleanly when told so. */
const STARTED_LINE = "Kafka Server started";
const SHOWN_LOG_LINES = 25;

/** A node that can be paused, killed and restarted on the same port and data. */
export class KafkaProcess {
  readonly id: number;
  readonly addresses: Readonly<Record<string, string>>;
  readonly #options: KafkaProcessOptions;

  constructor(options: KafkaProcessOptions) {
    this.id = options.id;
    this.addresses = options.addresses;
    this.#options = options;
  }

  /** Prepares an empty data directory. `extra` goes to Kafka's StorageTool, `--add-scram` for one. */
  async format(clusterId: string, extra: readonly string[]): Promise<void> {
    const { classPath } = this.#options;
    const tool = ["java", "-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.tools.StorageTool"];
    // With "=", because an id may begin with "-", which would be read as another flag.
    const id = `--cluster-id=${clusterId}`;
    await run(
      [...tool, "format", id, "-c", this.#path("server.properties"), ...extra],
      {
        deadlineMs: FORMAT_DEADLINE_MS,
      },
    );
  }

  /** Starts the node on its old data and ports and waits until it serves. Does nothing when it runs. */
  async start(): Promise<void> {
    if (await this.#runningPid() !== null) return;
    const logFrom = await sizeOf(this.#path("kafka.log"));
    await this.#spawn();
    await this.#untilStarted(logFrom);
  }

  /** SIGTERM, which hands leadership over; SIGKILL when that takes more than 40 s. */
  async stop(): Promise<void> {
    await this.#signal("SIGCONT");
    await this.#signal("SIGTERM");
    if (!await this.#isGoneWithin(CLEAN_STOP_DEADLINE_MS)) await this.kill();
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    await this.#signal("SIGKILL");
    if (await this.#isGoneWithin(KILL_DEADLINE_MS)) return;
    throw new Error(`Node does not end on SIGKILL: node ${this.id}`);
  }

  /** SIGSTOP: the connections stay, nothing answers. */
  async pause(): Promise<void> {
    await this.#signal("SIGSTOP");
  }

  /** SIGCONT. */
  async resume(): Promise<void> {
    await this.#signal("SIGCONT");
  }

  /** True while the process is there, paused or not. */
  async isRunning(): Promise<boolean> {
    return await this.#runningPid() !== null;
  }

  async #spawn(): Promise<void> {
    const { heap, classPath } = this.#options;
    const java = ["java", `-Xmx${heap}`, "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
    const command = [
      ...java,
      "-Dorg.slf4j.simpleLogger.showDateTime=true",
      "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
      "-cp",
      classPath,
      "kafka.Kafka",
      this.#path("server.properties"),
    ];
    // The shell ends at once, so no test holds a process resource. The node has a process group of its own:
    // Ctrl-C must reach the tests first, and the node when they are over.
    const script = `"$@" >>"$0" 2>&1 </dev/null & echo $!`;
    const shell = new Deno.Command("sh", {
      args: ["-c", script, this.#path("kafka.log"), ...command],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      detached: true,
    });
    // Not `shell.output()`, which leaves `detached` out.
    const { stdout } = await shell.spawn().output();
    await Deno.writeTextFile(this.#path("pid"), new TextDecoder().decode(stdout).trim());
  }

  async #untilStarted(logFrom: number): Promise<void> {
    const state = await eventually(
      `node ${this.id} has started`,
      async () => {
        const log = await this.#log();
        if (log.slice(logFrom).includes(STARTED_LINE)) return "started";
        return await this.#runningPid() === null ? "ended" : "starting";
      },
      {
        withinMs: READY_DEADLINE_MS,
        everyMs: POLL_PAUSE_MS,
        until: (state) => state !== "starting",
      },
    );
    if (state === "started") return;
    const tail = (await this.#log()).trim().split("\n").slice(-SHOWN_LOG_LINES).join("\n");
    throw new Error(`Node ended during its start: node ${this.id}\n${tail}`);
  }

  async #signal(signal: Deno.Signal): Promise<void> {
    const pid = await this.#runningPid();
    if (pid !== null) sendSignal(pid, signal);
  }

  async #isGoneWithin(deadlineMs: number): Promise<boolean> {
    try {
      return await eventually("gone", async () => !await this.isRunning(), {
        withinMs: deadlineMs,
        everyMs: POLL_PAUSE_MS,
      });
    } catch {
      return false;
    }
  }

  /** The pid, if a process of that pid is this very node: pids are used again. */
  async #runningPid(): Promise<number | null> {
    const text = await readOrEmpty(this.#path("pid"));
    if (text === "") return null;
    const pid = Number(text);
    const commandLine = await commandLineOf(pid);
    return commandLine.includes(this.#path("server.properties")) ? pid : null;
  }

  async #log(): Promise<string> {
    return await readOrEmpty(this.#path("kafka.log"));
  }

  #path(name: string): string {
    return `${this.#options.directory}/${name}`;
  }
}

/** Ends every node whose directory lies in a directory under `parent`: what a crashed test left behind. */
export async function killNodesUnder(parent: string): Promise<void> {
  for await (const cluster of Deno.readDir(parent)) {
    if (!cluster.isDirectory) continue;
    for await (const node of Deno.readDir(`${parent}/${cluster.name}`)) {
      const directory = `${parent}/${cluster.name}/${node.name}`;
      const options = { id: 0, directory, classPath: "", heap: "", addresses: {} };
      if (node.isDirectory) await new KafkaProcess(options).kill();
    }
  }
}

/** Sends a signal; a process that has just ended is no error. */
export function sendSignal(pid: number, signal: Deno.Signal): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** The command line of a process that runs; empty when there is none, or only its exit code is left. */
async function commandLineOf(pid: number): Promise<string> {
  if (Deno.build.os === "linux") return await readOrEmpty(`/proc/${pid}/cmdline`);
  const ps = new Deno.Command("ps", { args: ["-ww", "-o", "command=", "-p", String(pid)] });
  return new TextDecoder().decode((await ps.output()).stdout);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    // A process that ends while its /proc entry is read.
    if (error instanceof Error && error.message.includes("os error 3")) return "";
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await readOrEmpty(path)).length;
}
