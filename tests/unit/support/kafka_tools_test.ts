import assert from "node:assert/strict";
import { parseGroupLag } from "../../support/kafka_tools.ts";

const DESCRIPTION = `
Consumer group 'g' has no active members.

GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
g               events          0          7               9               2               -               -               -
g               events          1          -               4               -               -               -               -
`;

Deno.test("parseGroupLag() reads each partition, and null where the tool prints a dash", () => {
  assert.deepEqual(parseGroupLag(DESCRIPTION), [
    { topic: "events", partition: 0, committed: 7, logEnd: 9, lag: 2 },
    { topic: "events", partition: 1, committed: null, logEnd: 4, lag: null },
  ]);
});

Deno.test("parseGroupLag() shows what it cannot read", () => {
  assert.throws(() => parseGroupLag("Error: no such group"), /no such group/);
});
