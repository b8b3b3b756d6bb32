/** Connections of our own for requests that no client library has. */
import { SILENT_KAFKAJS_LOGGER } from "../../src/kafka/client.ts";
import { Connections } from "../../src/kafka/connections.ts";
import { systemClock } from "../../src/ops/system_clock.ts";
import type { Clock } from "../../src/processing/clock.ts";

const DEADLINE_MS = 10_000;

/** Without TLS and SASL. */
export function plainConnections(clock: Clock = systemClock): Connections {
  return new Connections({
    clientId: "test",
    ssl: null,
    sasl: null,
    connectionTimeoutMs: DEADLINE_MS,
    requestTimeoutMs: DEADLINE_MS,
    clock,
    kafkajsLogger: SILENT_KAFKAJS_LOGGER,
  });
}

/** Closes them at the end. */
export async function withConnections<T>(
  work: (connections: Connections) => Promise<T>,
): Promise<T> {
  const connections = plainConnections();
  try {
    return await work(connections);
  } finally {
    connections.close();
  }
}
