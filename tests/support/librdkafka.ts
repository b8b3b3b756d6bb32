/**
 * librdkafka as producer and consumer: the client most others are built on, with its own encoders and codecs. Runs in
 * Python by the package confluent-kafka, which is downloaded once.
 */
import { Buffer } from "node:buffer";
import { cached } from "./cache.ts";
import { run, succeeds } from "./command.ts";
import {
  encodeMessages,
  EXTERNAL_DEADLINE_MS,
  type ExternalAcknowledgement,
  type ExternalSendOptions,
  parseAcknowledgements,
} from "./external_producer.ts";
import { Program } from "./program.ts";

/** A message as librdkafka reads it. */
export interface LibrdkafkaMessage {
  readonly partition: number;
  readonly offset: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [name: string, value: Uint8Array | null])[];
}

const PACKAGE = "confluent-kafka==2.12.2";
const INSTALL_DEADLINE_MS = 120_000;
const PROBE_DEADLINE_MS = 20_000;

/** Why librdkafka cannot be run here, as a phrase for a test's name; null when it can. */
export async function librdkafkaMissing(): Promise<string | null> {
  const hasPip = await succeeds(["python3", "-m", "pip", "--version"], PROBE_DEADLINE_MS);
  if (!hasPip) return "needs Python 3 with pip";
  try {
    await packageDirectory();
    return null;
  } catch {
    return `cannot install ${PACKAGE}`;
  }
}

/** Sends all messages with acks=all and answers what was acknowledged. */
export async function produceByLibrdkafka(
  options: ExternalSendOptions,
): Promise<readonly ExternalAcknowledgement[]> {
  const args = ["produce", options.bootstrap, options.topic, options.compression ?? "snappy"];
  const output = await runOnLibrdkafka("librdkafka.py", args, encodeMessages(options.messages));
  return parseAcknowledgements(output, options.messages.length);
}

/** Sends the messages in transactions of equal size, one for each end. */
export async function transactByLibrdkafka(
  options: ExternalSendOptions,
  ends: readonly ("commit" | "abort")[],
): Promise<void> {
  const args = ["transact", options.bootstrap, options.topic, ...ends];
  await runOnLibrdkafka("librdkafka.py", args, encodeMessages(options.messages));
}

/** Reads the first `count` messages of the topic by a group of its own. */
export async function consumeByLibrdkafka(
  options: { readonly bootstrap: string; readonly topic: string; readonly count: number },
): Promise<readonly LibrdkafkaMessage[]> {
  const args = ["consume", options.bootstrap, options.topic, `${options.count}`];
  const output = await runOnLibrdkafka("librdkafka.py", args);
  const lines = output.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const { partition, offset, key, value, headers } = JSON.parse(line);
    return {
      partition,
      offset,
      key: decodeBytes(key),
      value: decodeBytes(value),
      headers: headers.map(([name, bytes]: [string, string | null]) => [name, decodeBytes(bytes)]),
    };
  });
}

/** Runs a script beside this file and answers what it printed. Throws when it fails. */
export async function runOnLibrdkafka(
  script: string,
  args: readonly string[],
  input = "",
): Promise<string> {
  const path = new URL(`./${script}`, import.meta.url).pathname;
  return await run(["python3", path, ...args], {
    input,
    env: { PYTHONPATH: await packageDirectory() },
    deadlineMs: EXTERNAL_DEADLINE_MS,
  });
}

/** Starts a script beside this file that runs until it is told to stop. */
export async function startOnLibrdkafka(
  script: string,
  args: readonly string[],
): Promise<Program> {
  const path = new URL(`./${script}`, import.meta.url).pathname;
  return await Program.start({
    command: ["python3", path],
    args,
    env: { PYTHONPATH: await packageDirectory() },
  });
}

/** Installed into a directory of its own: it can be moved there whole, which a virtual environment cannot. */
async function packageDirectory(): Promise<string> {
  const version = await run(
    ["python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
    { deadlineMs: PROBE_DEADLINE_MS },
  );
  const entry = `python-${version.trim()}/${PACKAGE.replace("==", "-")}`;
  return await cached(entry, async (draft) => {
    const pip = ["python3", "-m", "pip", "install", "--quiet", "--target", draft, PACKAGE];
    await run(pip, { deadlineMs: INSTALL_DEADLINE_MS });
  });
}

function decodeBytes(text: string | null): Uint8Array | null {
  return text === null ? null : Buffer.from(text, "base64");
}
