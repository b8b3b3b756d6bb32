/** Telemetry that writes down for the oracle what the core tells of each message. */
import type { Coordinates, Message } from "../../src/processing/message.ts";
import type { ProcessingTelemetry } from "../../src/processing/telemetry.ts";
import type { EntryOf } from "./simulation_history.ts";
import type { World } from "./simulation_world.ts";

export function simulatedTelemetry({ note }: Pick<World, "note">): ProcessingTelemetry {
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
    breakerOpened: () => {},
    breakerProbed: () => {},
    breakerClosed: () => {},
  };
}

/** The core passes the message itself where it says coordinates. */
function idOf(message: Coordinates): number {
  return (message as Message).timestamp;
}
