/** Where a service has been: the places of the messages that it handled, and what its group has committed. */
import { eventually } from "./eventually.ts";
import type { KafkaUnderTest } from "./kafka.ts";
import type { Program } from "./program.ts";
import { handledEvents } from "./service.ts";

const DEADLINE_MS = 20_000;

/** Waits until exactly these messages were handled, `0@5` being offset 5 of partition 0, in any order. */
export async function untilHandled(service: Program, expected: readonly string[]): Promise<void> {
  await eventually(`handled: ${expected}`, () => places(service).sort(), {
    withinMs: DEADLINE_MS,
    until: (handled) => handled.join() === [...expected].sort().join(),
  });
}

/** Waits until a group has committed these offsets of the topic `events`, by partition. */
export async function untilCommitted(
  kafka: KafkaUnderTest<"events">,
  { group, offsets }: { readonly group: string; readonly offsets: readonly number[] },
): Promise<void> {
  await eventually(`committed: ${offsets}`, () => kafka.committed(group, kafka.topics.events), {
    withinMs: DEADLINE_MS,
    until: (committed) => committed.join() === offsets.join(),
  });
}

/** The messages that were handled, in their order. */
export function places(service: Program): string[] {
  return handledEvents(service).map(({ partition, offset }) => `${partition}@${offset}`);
}
