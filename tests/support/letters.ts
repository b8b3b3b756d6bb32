/** Dead letters as they are read, for tests that need no record. */
import type { Letter } from "../../src/dead_letters/letter.ts";

/** One of the service's own, with what a test wants of it. */
export function letter(own: Partial<Letter> = {}): Letter {
  return {
    place: { topic: "events.dlq", partition: 0, offset: 7 },
    family: "ours",
    stage: "validate",
    code: "schema_mismatch",
    reason: "user_id: expected string, received number",
    fingerprint: "0123456789",
    failedAt: 1_705_314_645_000,
    attempts: 1,
    replays: 0,
    group: "processing-service-group",
    source: { topic: "events", partition: 0, offset: 42, timestamp: 1_705_314_600_000 },
    key: null,
    value: new TextEncoder().encode("secret"),
    headers: [],
    obstacle: null,
    ...own,
  };
}
