/**
 * Apache Kafka for tests from the apache/kafka image, where a Docker engine answers: one node, for the run. What
 * has to stop and restart nodes runs on jars (kafka_cluster.ts).
 */
import { run, succeeds } from "./command.ts";
import { eventually } from "./eventually.ts";
import { freePorts } from "./free_ports.ts";
import {
  asImageVariables,
  brokerProperties,
  CLIENT_LISTENER,
  listenerNames,
} from "./kafka_properties.ts";

const ENGINE_DEADLINE_MS = 10_000;
/** The image is some 200 MB. */
const PULL_DEADLINE_MS = 300_000;
const READY_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;
const STARTED_LINE = "Kafka Server started";

/** True when the Docker engine answers; a client alone is not enough. */
export async function dockerAnswers(): Promise<boolean> {
  return await succeeds(
    ["docker", "version", "--format", "{{.Server.Version}}"],
    ENGINE_DEADLINE_MS,
  );
}

/** A running container. Disposing it removes it with its data. */
export class KafkaContainer implements AsyncDisposable {
  readonly bootstrap: string;
  readonly #name: string;

  private constructor(bootstrap: string, name: string) {
    this.bootstrap = bootstrap;
    this.#name = name;
  }

  /** Pulls the image if need be, starts it and waits until the broker serves. */
  static async start(version: string): Promise<KafkaContainer> {
    const name = `processing-service-kafka-${crypto.randomUUID()}`;
    const names = listenerNames({});
    const ports = Object.fromEntries(freePorts(names.length).map((port, at) => [names[at], port]));
    const layout = {
      nodes: [{ id: 1, ports }],
      bindAddress: "0.0.0.0",
      dataDirectory: "/tmp/kafka-data",
    };
    const client = ports[CLIENT_LISTENER];
    const container = new KafkaContainer(`127.0.0.1:${client}`, name);
    const variables = Object.entries(asImageVariables(brokerProperties(1, layout, {})));
    try {
      await run([
        ...["docker", "run", "--detach", "--name", name],
        ...["--publish", `127.0.0.1:${client}:${client}`],
        ...["--env", "KAFKA_HEAP_OPTS=-Xmx384m"],
        ...variables.flatMap(([variable, value]) => ["--env", `${variable}=${value}`]),
        `apache/kafka:${version}`,
      ], { deadlineMs: PULL_DEADLINE_MS });
      await container.#untilStarted();
      return container;
    } catch (error) {
      await container[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(["docker", "rm", "--force", "--volumes", this.#name], {
      deadlineMs: STOP_DEADLINE_MS,
    });
  }

  async #untilStarted(): Promise<void> {
    await eventually("the broker in the container has started", () => this.#log(), {
      withinMs: READY_DEADLINE_MS,
      everyMs: 200,
      until: (log) => log.includes(STARTED_LINE),
    });
  }

  async #log(): Promise<string> {
    return await run(["docker", "logs", "--tail", "200", this.#name], {
      deadlineMs: ENGINE_DEADLINE_MS,
    });
  }
}
