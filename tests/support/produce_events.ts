/** Events into one partition of the topic of a test, which may have been created a moment ago. */
import { events } from "./events.ts";
import { eventually } from "./eventually.ts";
import type { KafkaUnderTest } from "./kafka.ts";

const DEADLINE_MS = 20_000;

export async function produceEvents(
  kafka: KafkaUnderTest<"events">,
  { partition, count }: { readonly partition: number; readonly count: number },
): Promise<void> {
  const all = events({ seed: Math.trunc(Math.random() * 2 ** 31), count });
  await eventually(
    `partition ${partition} takes messages`,
    () => kafka.produce(kafka.topics.events, all.map((event) => ({ ...event, partition }))),
    { withinMs: DEADLINE_MS },
  );
}
