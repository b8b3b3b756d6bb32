/** A member of a consumer group by kafkajs's own Consumer, which the service does not use. */
import { type Consumer, Kafka, logLevel } from "kafkajs";

/** What one member read, in the order in which it did. */
export interface ReadMessage {
  readonly partition: number;
  readonly offset: number;
  readonly value: string;
}

export class KafkajsMember implements AsyncDisposable {
  readonly #consumer: Consumer;
  readonly #read: ReadMessage[] = [];
  #held: readonly number[] = [];
  #generations = 0;

  private constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  /** Starts to join; reads from the beginning where nothing is committed, commits after each message. */
  static async start(
    { bootstrap, topic, group }: {
      readonly bootstrap: string;
      readonly topic: string;
      readonly group: string;
    },
  ): Promise<KafkajsMember> {
    const kafka = new Kafka({
      clientId: "kafkajs",
      brokers: bootstrap.split(","),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, retries: 10 },
    });
    const consumer = kafka.consumer({
      groupId: group,
      sessionTimeout: 6_000,
      heartbeatInterval: 100,
      maxWaitTimeInMs: 100,
    });
    const member = new KafkajsMember(consumer);
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      member.#held = payload.memberAssignment[topic] ?? [];
      member.#generations += 1;
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommitThreshold: 1,
      eachMessage({ partition, message: { offset, value } }) {
        member.#read.push({ partition, offset: Number(offset), value: value?.toString() ?? "" });
        return Promise.resolve();
      },
    });
    return member;
  }

  /** Partitions that it has been assigned. */
  get held(): readonly number[] {
    return this.#held;
  }

  /** How often it has joined. */
  get generations(): number {
    return this.#generations;
  }

  get read(): readonly ReadMessage[] {
    return this.#read;
  }

  /** Leaves the group. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#consumer.disconnect();
  }
}
