/** Its log has nowhere to go: the service goes on, and says so when it can again. */
import assert from "node:assert/strict";
import { EmbeddedKafka } from "../../src/broker/mod.ts";
import { compiledTest, EXECUTABLE } from "../support/compiled.ts";
import { events } from "../support/events.ts";
import { eventually } from "../support/eventually.ts";
import { KafkaClient } from "../support/kafka_client.ts";
import type { Program } from "../support/program.ts";
import {
  firstProcess,
  namespacesMissing,
  smallDiskCommand,
  smallDiskLog,
} from "../support/sandbox.ts";
import { startService, untilAllCommitted } from "../support/service.ts";

const TOPIC = "events";
const GROUP = "group";
const COUNT = 500;
/** Less than the lines of as many events. */
const DISK_BYTES = 64 * 1024;
const WITHIN_MS = 30_000;

const LOST_OUTPUTS = [
  { what: "closed", script: 'exec "$0" "$@" >&-' },
  { what: "a full disk from the start", script: 'exec "$0" "$@" > /dev/full' },
];

for (const { what, script } of LOST_OUTPUTS) {
  compiledTest(
    `standard output is ${what}: it processes everything, and drains`,
    null,
    async () => {
      await using setup = await startWith(["sh", "-c", script, EXECUTABLE]);
      await setup.untilDone();
      assert.deepEqual(await setup.service.stop(), { code: 0, signal: null });
      assert.deepEqual(setup.service.lines, []);
    },
  );
}

compiledTest(
  "the reader of standard output goes away: it processes everything, and drains",
  null,
  async () => {
    // head ends after the first line; the status is that of the executable.
    const script =
      '{ "$0" "$@" & echo $! > "$PIDFILE"; wait $!; echo $? > "$PIDFILE.exit"; } | head -n 1';
    const directory = await Deno.makeTempDir();
    const pidFile = `${directory}/pid`;
    try {
      await using setup = await startWith(["sh", "-c", script, EXECUTABLE], { PIDFILE: pidFile });
      await setup.untilDone();
      Deno.kill(Number(await Deno.readTextFile(pidFile)), "SIGTERM");
      await setup.service.waitForExit();
      assert.equal((await Deno.readTextFile(`${pidFile}.exit`)).trim(), "0");
      assert.equal(setup.service.stdout.length, 1);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
);

compiledTest(
  "the disk of standard output becomes full: it processes everything, and tells how many lines are missing",
  await namespacesMissing(),
  async () => {
    await using setup = await startWith(smallDiskCommand(DISK_BYTES));
    await setup.untilDone();
    const pid = await firstProcess(setup.service.pid);
    const log = smallDiskLog(pid);
    await eventually("the disk is full", async () => (await Deno.stat(log)).size, {
      withinMs: WITHIN_MS,
      until: (size) => size === DISK_BYTES,
    });
    Deno.kill(pid, "SIGHUP");
    const text = await eventually("the number of lines", () => readThenEmpty(log), {
      withinMs: WITHIN_MS,
      until: (text) => text.includes("Log lines dropped"),
    });
    const [line = ""] = text.split("\n").filter((line) => line.includes("Log lines dropped"));
    assert.ok(Number(JSON.parse(line).lines) > 0, line);
    Deno.kill(pid, "SIGTERM");
    assert.deepEqual(await setup.service.waitForExit(), { code: 0, signal: null });
  },
);

/** Whoever finds a full disk makes room; what was still buffered may fill it again. */
async function readThenEmpty(log: string): Promise<string> {
  const text = await Deno.readTextFile(log);
  if (text.length >= DISK_BYTES) await Deno.truncate(log);
  return text;
}

interface Setup extends AsyncDisposable {
  readonly service: Program;
  untilDone(): Promise<void>;
}

/** The service, started by `command` on a broker with some messages. */
async function startWith(
  command: readonly string[],
  settings: Readonly<Record<string, string>> = {},
): Promise<Setup> {
  const stack = new AsyncDisposableStack();
  const kafka = stack.use(await EmbeddedKafka.start());
  kafka.createTopic(TOPIC, { partitions: 1 });
  const client = stack.use(new KafkaClient(kafka.bootstrap));
  await client.produce(TOPIC, events({ seed: 1, count: COUNT }));
  const options = { topic: TOPIC, group: GROUP, command, settings };
  const service = stack.use(await startService(kafka, options));
  return {
    service,
    untilDone: () => untilAllCommitted(client, { group: GROUP, topic: TOPIC }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
