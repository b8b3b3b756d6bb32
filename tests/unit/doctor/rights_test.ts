import assert from "node:assert/strict";
import { ClusterView } from "../../../src/doctor/examination.ts";
import type { GroupFacts } from "../../../src/doctor/group.ts";
import { checkRights } from "../../../src/doctor/rights.ts";
import type { TopicInfo } from "../../../src/kafka/metadata_request.ts";
import { examinationWith, LED } from "../../support/examination.ts";

const [READ, WRITE, DESCRIBE] = [1 << 3, 1 << 4, 1 << 8];
const TOPIC = "user-activity-events";
const DEAD_LETTERS = `${TOPIC}.dlq`;
const REFUSED = 29;

function topic(name: string, errorCode: number, operations: number | null): TopicInfo {
  return { name, errorCode, operations, id: null, partitions: [] };
}

function check(
  { source, deadLetters, group = {} }: {
    readonly source: TopicInfo;
    readonly deadLetters: TopicInfo;
    readonly group?: Partial<GroupFacts>;
  },
) {
  const view = new ClusterView({
    throttleTimeMs: 0,
    brokers: [LED.broker],
    controllerId: 1,
    topics: [source, deadLetters],
  }, LED.broker);
  const facts: GroupFacts = {
    isTold: true,
    isSeen: true,
    operations: READ | DESCRIBE,
    mayRead: null,
    coordinator: LED.broker,
    description: null,
    silent: 0,
    trouble: null,
    ...group,
  };
  return checkRights(examinationWith(), { view, group: facts });
}

const ALLOWED = {
  source: topic(TOPIC, 0, READ | DESCRIBE),
  deadLetters: topic(DEAD_LETTERS, 0, WRITE | DESCRIBE),
};

Deno.test("checkRights() asks for each right that is needed, one by one", () => {
  const results = check(ALLOWED);
  assert.deepEqual(results.map(({ name, status }) => `${status} ${name}`), [
    `ok DESCRIBE topic ${TOPIC}`,
    `ok READ topic ${TOPIC}`,
    `ok DESCRIBE topic ${DEAD_LETTERS}`,
    `ok WRITE topic ${DEAD_LETTERS}`,
    "ok DESCRIBE group processing-service-group",
    "ok READ group processing-service-group",
  ]);
});

Deno.test("checkRights() gives the command that allows the one that is missing", () => {
  const source = topic(TOPIC, 0, DESCRIBE);
  const missing = check({ ...ALLOWED, source }).filter(({ finding }) => finding !== null);
  assert.deepEqual(missing.map(({ name }) => name), [`READ topic ${TOPIC}`]);
  assert.deepEqual(missing[0]?.commands, [
    "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:me' " +
    `--operation Read --topic '${TOPIC}'`,
  ]);
});

Deno.test("checkRights() lets what cannot be seen be created, too, as it may not be there", () => {
  const deadLetters = topic(DEAD_LETTERS, REFUSED, null);
  const [missing] = check({ ...ALLOWED, deadLetters }).filter(({ finding }) => finding !== null);
  assert.match(missing?.commands[0] ?? "", /--operation Create --operation Write /);
});

Deno.test("checkRights() takes the heartbeat's answer where the group's operations are not told", () => {
  const statusOf = (group: Partial<GroupFacts>) => check({ ...ALLOWED, group }).at(-1)?.status;
  assert.equal(statusOf({ operations: null, mayRead: true }), "ok");
  assert.equal(statusOf({ operations: null, mayRead: false }), "failed");
  assert.equal(statusOf({ operations: null, mayRead: null }), "skipped");
});

Deno.test("checkRights() leaves WRITE open where the broker does not tell", () => {
  const deadLetters = topic(DEAD_LETTERS, 0, null);
  const write = check({ ...ALLOWED, deadLetters }).find(({ name }) => name.startsWith("WRITE"));
  assert.equal(write?.status, "skipped");
});
