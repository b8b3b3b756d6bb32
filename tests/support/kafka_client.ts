/**
 * What a test does to Kafka and asks of it, by kafkajs's own producer, admin and consumer: clients that share
 * nothing with the service's, so that both cannot be wrong in the same way.
 */
import { Buffer } from "node:buffer";
import {
  type Admin,
  CompressionCodecs,
  CompressionTypes,
  ConfigResourceTypes,
  type IHeaders,
  Kafka,
  type KafkaMessage,
  logLevel,
  Partitioners,
  type Producer,
} from "kafkajs";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import SnappyCodec from "kafkajs-snappy";
import { eventually } from "./eventually.ts";

/** A message to produce. Text is sent as UTF-8. */
export interface MessageToProduce {
  /** 0 by default. */
  readonly partition?: number;
  readonly key?: string | Uint8Array | null;
  readonly value: string | Uint8Array | null;
  readonly headers?: Readonly<Record<string, string | Uint8Array>>;
  /** Milliseconds since 1970; now by default. */
  readonly timestamp?: number;
}

/** Where the broker says that it stored a message. */
export interface ProducedMessage {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** A message as it lies in the topic. */
export interface StoredMessage extends ProducedMessage {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  /** As text. Of several headers of one name the last. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A group as the broker describes it. */
export interface GroupState {
  /** `Stable`, `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Dead`. */
  readonly state: string;
  /** The assignor that the members agreed on. */
  readonly protocol: string;
  readonly members: readonly { readonly memberId: string; readonly clientId: string }[];
}

/** How a topic is made. */
export interface TopicOptions {
  /** 1 by default. */
  readonly partitions?: number;
  /** Kafka's topic settings, `max.message.bytes` for one. */
  readonly config?: Readonly<Record<string, string>>;
  /** A random one by default. */
  readonly name?: string;
}

const READ_DEADLINE_MS = 20_000;

stopIdleTimer();
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;

/** One connection each for producing, asking and reading, opened when first needed. */
export class KafkaClient implements AsyncDisposable {
  readonly bootstrap: string;
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | null = null;
  #producer: Promise<Producer> | null = null;

  constructor(bootstrap: string) {
    this.bootstrap = bootstrap;
    this.#kafka = new Kafka({
      clientId: "test",
      brokers: bootstrap.split(","),
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 10 },
    });
  }

  /** A name that no other test uses. */
  unique(prefix: string): string {
    return `${prefix}-${crypto.randomUUID().slice(0, 8)}`;
  }

  /** Creates a topic, waits until it has leaders, and answers its name. */
  async createTopic(options: TopicOptions = {}): Promise<string> {
    const topic = options.name ?? this.unique("topic");
    const configEntries = Object.entries(options.config ?? {}).map(([name, value]) => ({
      name,
      value,
    }));
    const numPartitions = options.partitions ?? 1;
    const admin = await this.#getAdmin();
    const topics = [{ topic, numPartitions, configEntries }];
    // kafkajs's own wait for leaders gives up where a broker has not heard of the topic yet (admin/index.js).
    await admin.createTopics({ topics, waitForLeaders: false });
    await eventually(`${topic} has leaders`, () => admin.fetchTopicMetadata({ topics: [topic] }), {
      withinMs: READ_DEADLINE_MS,
      until: ({ topics: [created] }) =>
        created?.partitions.length === numPartitions &&
        created.partitions.every(({ leader }) => leader >= 0),
    });
    return topic;
  }

  /** Deletes a topic with all it holds. */
  async deleteTopic(topic: string): Promise<void> {
    await (await this.#getAdmin()).deleteTopics({ topics: [topic] });
  }

  /** Raises the number of partitions to `count`. */
  async addPartitions(topic: string, count: number): Promise<void> {
    await (await this.#getAdmin()).createPartitions({ topicPartitions: [{ topic, count }] });
    // A producer of kafkajs looks at a topic only once (producer/sendMessages.js).
    const producer = this.#producer;
    this.#producer = null;
    await (await producer)?.disconnect();
  }

  /** Deletes what lies below `offset`, as retention does. */
  async deleteBefore(topic: string, partition: number, offset: number): Promise<void> {
    const admin = await this.#getAdmin();
    // kafkajs forgets to load the topic's metadata by itself (admin/index.js, deleteTopicRecords).
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] });
  }

  /** Stores messages, acknowledged by all in-sync replicas, and answers where, in the order given. */
  async produce(
    topic: string,
    messages: readonly MessageToProduce[],
    options: { readonly compression?: CompressionTypes } = {},
  ): Promise<readonly ProducedMessage[]> {
    const stored = new Map<MessageToProduce, ProducedMessage>();
    const producer = await this.#getProducer();
    // One partition a send: with more, kafkajs can resolve and have stored only some (producer/sendMessages.js).
    for (const [partition, batch] of byPartition(messages)) {
      const [answer] = await producer.send({
        topic,
        acks: -1,
        compression: options.compression ?? CompressionTypes.None,
        messages: batch.map((message) => asKafkajs(message, partition)),
      });
      if (answer?.baseOffset === undefined || answer.errorCode !== 0) {
        throw new Error(`Cannot produce to ${topic}-${partition}: ${JSON.stringify(answer)}`);
      }
      const base = Number(answer.baseOffset);
      batch.forEach((message, at) => stored.set(message, { topic, partition, offset: base + at }));
    }
    return messages.map((message) => stored.get(message) ?? unreachable());
  }

  /** The committed offset of each partition, by its number; -1 where nothing is committed. */
  async committed(group: string, topic: string): Promise<readonly number[]> {
    const admin = await this.#getAdmin();
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return inOrder(answer?.partitions ?? [], ({ offset }) => Number(offset));
  }

  /** What stands beside the committed offset of each partition, by its number. */
  async committedMetadata(group: string, topic: string): Promise<readonly (string | null)[]> {
    const admin = await this.#getAdmin();
    const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
    return inOrder(answer?.partitions ?? [], ({ metadata }) => metadata);
  }

  /** One past the last message of each partition, by its number. */
  async endOffsets(topic: string): Promise<readonly number[]> {
    const answer = await (await this.#getAdmin()).fetchTopicOffsets(topic);
    return inOrder(answer, ({ high }) => Number(high));
  }

  /** The first offset that is still there of each partition, by its number. */
  async startOffsets(topic: string): Promise<readonly number[]> {
    const answer = await (await this.#getAdmin()).fetchTopicOffsets(topic);
    return inOrder(answer, ({ low }) => Number(low));
  }

  /** The settings of a topic, those that nobody set included. */
  async topicConfig(topic: string): Promise<Readonly<Record<string, string>>> {
    const { resources: [answer] } = await (await this.#getAdmin()).describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
    });
    const entries = answer?.configEntries ?? [];
    return Object.fromEntries(entries.map((each) => [each.configName, each.configValue]));
  }

  /** Sets what a node can change while it runs, in place of all that was set so before. */
  async setBrokerConfig(node: number, config: Readonly<Record<string, string>>): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    const type = ConfigResourceTypes.BROKER;
    const resources = [{ type, name: String(node), configEntries }];
    await (await this.#getAdmin()).alterConfigs({ validateOnly: false, resources });
  }

  /** All topics, those that Kafka makes for itself included. */
  async topicNames(): Promise<readonly string[]> {
    return await (await this.#getAdmin()).listTopics();
  }

  /** All groups that there are. */
  async groupIds(): Promise<readonly string[]> {
    return (await (await this.#getAdmin()).listGroups()).groups.map(({ groupId }) => groupId);
  }

  /** Whether the topic is there. Never creates it. */
  async hasTopic(topic: string): Promise<boolean> {
    return (await this.topicNames()).includes(topic);
  }

  /** How the broker describes the group. */
  async describeGroup(group: string): Promise<GroupState> {
    const { groups: [described] } = await (await this.#getAdmin()).describeGroups([group]);
    if (described === undefined) throw new Error(`No such group: ${group}`);
    const members = described.members.map(({ memberId, clientId }) => ({ memberId, clientId }));
    return { state: described.state, protocol: described.protocol, members };
  }

  /**
   * All messages of the topic, by partition and offset. With `count`, waits first until there are that many.
   * Not for topics with transactions: their last offset holds no message.
   */
  async consume(
    topic: string,
    options: { readonly count?: number; readonly withinMs?: number } = {},
  ): Promise<readonly StoredMessage[]> {
    const withinMs = options.withinMs ?? READ_DEADLINE_MS;
    await eventually(`${topic} holds ${options.count ?? 0} messages`, () => this.#size(topic), {
      withinMs,
      until: (size) => size >= (options.count ?? 0),
    });
    const [starts, ends] = [await this.startOffsets(topic), await this.endOffsets(topic)];
    const wanted = ends.map((end, partition) => end > (starts[partition] ?? 0) ? end : 0);
    if (wanted.every((end) => end === 0)) return [];
    return await this.#read(topic, wanted, withinMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#admin !== null) await (await this.#admin).disconnect();
    if (this.#producer !== null) await (await this.#producer).disconnect();
  }

  async #size(topic: string): Promise<number> {
    const offsets = await (await this.#getAdmin()).fetchTopicOffsets(topic);
    return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  }

  /** Reads by a group of its own until each partition's end is reached. */
  async #read(
    topic: string,
    wanted: readonly number[],
    withinMs: number,
  ): Promise<readonly StoredMessage[]> {
    const found: StoredMessage[] = [];
    const reached = wanted.map(() => 0);
    const consumer = this.#kafka.consumer({ groupId: this.unique("reader"), maxWaitTimeInMs: 100 });
    try {
      await consumer.connect();
      await consumer.subscribe({ topic, fromBeginning: true });
      await consumer.run({
        eachMessage({ partition, message }) {
          found.push(asStored(topic, partition, message));
          reached[partition] = Number(message.offset) + 1;
          return Promise.resolve();
        },
      });
      await eventually(`${topic} is read up to ${wanted}`, () => [...reached], {
        withinMs,
        until: (offsets) => wanted.every((end, partition) => (offsets[partition] ?? 0) >= end),
      });
    } finally {
      await consumer.disconnect();
    }
    return found.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
  }

  #getAdmin(): Promise<Admin> {
    this.#admin ??= connected(this.#kafka.admin());
    return this.#admin;
  }

  #getProducer(): Promise<Producer> {
    const createPartitioner = Partitioners.DefaultPartitioner;
    this.#producer ??= connected(this.#kafka.producer({ createPartitioner }));
    return this.#producer;
  }
}

async function connected<C extends { connect(): Promise<void> }>(client: C): Promise<C> {
  await client.connect();
  return client;
}

function byPartition(
  messages: readonly MessageToProduce[],
): ReadonlyMap<number, readonly MessageToProduce[]> {
  return Map.groupBy(messages, ({ partition }) => partition ?? 0);
}

function asKafkajs(message: MessageToProduce, partition: number) {
  const headers = Object.entries(message.headers ?? {}).map(([name, value]) =>
    [name, asBuffer(value)] as const
  );
  return {
    partition,
    key: message.key === undefined ? null : asBuffer(message.key),
    value: asBuffer(message.value),
    headers: Object.fromEntries(headers),
    ...(message.timestamp === undefined ? {} : { timestamp: String(message.timestamp) }),
  };
}

function asBuffer<V extends string | Uint8Array | null>(value: V): Buffer | (V & null);
function asBuffer(value: string | Uint8Array | null): Buffer | null {
  if (value === null) return null;
  return typeof value === "string" ? Buffer.from(value) : Buffer.from(value);
}

function asStored(topic: string, partition: number, message: KafkaMessage): StoredMessage {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    key: message.key,
    value: message.value,
    headers: headersAsText(message.headers ?? {}),
  };
}

function headersAsText(headers: IHeaders): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => {
    const last = Array.isArray(value) ? value.at(-1) : value;
    return [name, last === undefined || last === null ? "" : last.toString()] as const;
  });
  return Object.fromEntries(entries);
}

function inOrder<T, P extends { readonly partition: number }>(
  partitions: readonly P[],
  number: (partition: P) => T,
): readonly T[] {
  return [...partitions].sort((a, b) => a.partition - b.partition).map(number);
}

function unreachable(): never {
  throw new Error("A message was not produced");
}

/**
 * kafkajs 2.2.4 arms a timer of a negative delay that fires every millisecond for ever
 * (network/requestQueue/index.js). It has work only while requests are held back.
 */
function stopIdleTimer(): void {
  const { prototype } = RequestQueue as { readonly prototype: RequestQueuePrototype };
  const schedule = prototype.scheduleCheckPendingRequests;
  prototype.scheduleCheckPendingRequests = function (): void {
    if (this.pending.length > 0) schedule.call(this);
  };
}

interface RequestQueuePrototype {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}
