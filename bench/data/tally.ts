/** What every peer counts of the messages that it handles, so that none is faster by leaving some out. */

/** Counts and a checksum that the order of messages does not change. */
export interface Tally {
  readonly handled: number;
  /** Could not be decoded, or one of the three fields was not there. */
  readonly rejected: number;
  readonly checksum: number;
}

/** Before the first message. */
export const EMPTY_TALLY: Tally = { handled: 0, rejected: 0, checksum: 0 };

/**
 * Adds one message; null was rejected. The checksum takes the lengths of two fields and the last letter of the third:
 * enough to see that they were decoded, and next to nothing beside decoding. Peers in other languages do the same.
 */
export function addTo(
  tally: { -readonly [Name in keyof Tally]: Tally[Name] },
  fields: {
    readonly event_id: string;
    readonly event_type: string;
    readonly user_id: string;
  } | null,
): void {
  if (fields === null) {
    tally.rejected += 1;
    return;
  }
  const { event_id, event_type, user_id } = fields;
  tally.handled += 1;
  tally.checksum += event_type.length + user_id.length + event_id.charCodeAt(event_id.length - 1);
}

/** What is wrong with a peer's count; null when it is right. */
export function tallyProblem(
  counted: {
    readonly handled: number;
    readonly rejected: number;
    readonly checksum: number | null;
  },
  expected: Tally,
): string | null {
  const { handled, rejected, checksum } = expected;
  // Who decodes nothing can reject nothing, and has no checksum.
  if (counted.checksum === null) {
    const all = handled + rejected;
    return counted.handled === all ? null : `took ${counted.handled} of ${all} messages`;
  }
  if (counted.handled !== handled) return `handled ${counted.handled} of ${handled} messages`;
  if (counted.rejected !== rejected) return `rejected ${counted.rejected} of ${rejected} messages`;
  return counted.checksum === checksum ? null : "read other values than were sent";
}
