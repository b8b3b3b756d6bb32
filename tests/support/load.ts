/** Events sent to a service under test, in one go or for as long as something happens to it, with their acknowledgements. */
import { CompressionTypes } from "kafkajs";
import { events } from "./events.ts";
import { eventually } from "./eventually.ts";
import type { KafkaClient } from "./kafka_client.ts";
import type { Acknowledged } from "./oracle.ts";
import type { CommitWatch } from "./recording.ts";

/** What is sent where. The partition follows from the key, so that a key has one order. */
export interface LoadOptions {
  readonly topic: string;
  readonly partitions: number;
  /** How many different keys. */
  readonly users: number;
}

/** How a group is kept at work. */
export interface KeptLoad extends LoadOptions {
  readonly watch: CommitWatch;
  /** More is sent when fewer messages wait. */
  readonly backlog: number;
  /** How long that may take. */
  readonly backlogMs: number;
}

const SEND_SIZE = 600;

/** Sends `count` valid events in snappy. */
export async function sendEvents(
  kafka: KafkaClient,
  options: LoadOptions & { readonly seed: number; readonly count: number },
): Promise<readonly Acknowledged[]> {
  const all = events(options);
  const messages = all.map(({ key, value }) => ({
    partition: Number(key.split("-")[1]) % options.partitions,
    key,
    value,
  }));
  const compression = CompressionTypes.Snappy;
  const stored = await kafka.produce(options.topic, messages, { compression });
  return stored.map((place, index) => {
    const { eventId = "", key = null } = all[index] ?? {};
    return { ...place, eventId, key };
  });
}

/** Keeps a group at work until it is told that this is enough. */
export class Load implements AsyncDisposable {
  readonly #acknowledged: Acknowledged[] = [];
  readonly #enough = new AbortController();
  readonly #sending: Promise<void>;
  #leastMessages = 0;

  constructor(kafka: KafkaClient, options: KeptLoad) {
    this.#sending = this.#send(kafka, options);
    this.#sending.catch(() => {}); // told by `finish`
  }

  /** Sends on until there are so many messages; answers all that were acknowledged. */
  async finish(leastMessages = 0): Promise<readonly Acknowledged[]> {
    this.#leastMessages = leastMessages;
    this.#enough.abort();
    await this.#sending;
    return this.#acknowledged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#enough.abort(new Error("The test is over"));
    await this.#sending.catch(() => {});
  }

  async #send(kafka: KafkaClient, options: KeptLoad): Promise<void> {
    const seed = Math.trunc(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const sent = this.#acknowledged;
    while (!this.#enough.signal.aborted || sent.length < this.#leastMessages) {
      const count = SEND_SIZE;
      sent.push(...await sendEvents(kafka, { ...options, seed: seed + sent.length, count }));
      const waiting = () => sent.length - options.watch.sum;
      await eventually("the backlog has become small", waiting, {
        withinMs: options.backlogMs,
        until: (messages) => messages < options.backlog || this.#enough.signal.aborted,
      });
    }
  }
}
