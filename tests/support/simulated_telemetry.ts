/** Telemetry that writes down for the oracle what the core tells of each message. */
import type { Coordinates, Message, TopicPartition } from "../../src/processing/message.ts";
import type { Partition } from "../../src/processing/partition.ts";
import type { ProcessingTelemetry } from "../../src/processing/telemetry.ts";
import type { EntryOf } from "./simulation_history.ts";
import type { Owner, World } from "./simulation_world.ts";

export function simulatedTelemetry(
  { note, ownerOf }: Pick<World, "note"> & {
    readonly ownerOf: (partition: Partition) => Owner | undefined;
  },
): ProcessingTelemetry {
  const pause = (kind: "paused" | "goes_on") => (partition: TopicPartition) => {
    const owner = ownerOf(partition as Partition); // the core passes the very partition
    if (owner !== undefined) note({ kind, owner: owner.id });
  };
  const tell = (kind: "abandoned" | "retried" | "delayed") => (message: Coordinates) =>
    note({ kind, id: idOf(message) });
  const end = (
    message: Coordinates,
    outcome: EntryOf<"outcome">["outcome"],
    letter: number | null = null,
  ) => note({ kind: "outcome", id: idOf(message), outcome, letter });
  return {
    messageProcessed: (message) => end(message, "processed"),
    messageSkipped: (message, { reason }) =>
      end(message, reason === "done" ? "elsewhere" : "skipped"),
    messageDeadLettered: (message, { stored }) =>
      end(message, "dead_lettered", stored?.offset ?? null),
    messageRetried: tell("retried"),
    deadLetterDelayed: tell("delayed"),
    handlerAbandoned: tell("abandoned"),
    breakerOpened: pause("paused"),
    breakerProbed: () => {},
    breakerClosed: pause("goes_on"),
  };
}

/** The core passes the message itself where it says coordinates. */
function idOf(message: Coordinates): number {
  return (message as Message).timestamp;
}
