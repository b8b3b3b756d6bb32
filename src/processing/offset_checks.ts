/** What must hold of offsets that come from outside: where it does not, what is read is not what Kafka stored. */
import type { Delivery } from "./message.ts";

/** @throws RangeError when the delivery contradicts itself */
export function checkDelivery({ topic, partition, from, messages, next }: Delivery): void {
  checkOffset("next position", next);
  let lowest = from;
  for (const { offset } of messages) {
    checkOffset("offset", offset);
    if (offset < lowest) {
      throw new RangeError(
        `Offsets of ${topic}/${partition} must ascend from ${lowest}: ${offset}`,
      );
    }
    lowest = offset + 1;
  }
  if (next < lowest) {
    throw new RangeError(
      `Next position of ${topic}/${partition} must be ${lowest} or more: ${next}`,
    );
  }
}

/** @throws RangeError when a number cannot hold it */
export function checkOffset(what: string, offset: number): void {
  if (Number.isSafeInteger(offset) && offset >= 0) return;
  throw new RangeError(`Not an offset that a number can hold, ${what}: ${offset}`);
}
