import assert from "node:assert/strict";
import { ClusterView } from "../../../src/doctor/examination.ts";
import { checkRedriveRights, parkedTopics } from "../../../src/doctor/redrive_rights.ts";
import type { TopicInfo } from "../../../src/kafka/metadata_request.ts";
import { answering, examinationWith, LED } from "../../support/examination.ts";

const [READ, WRITE, DESCRIBE] = [1 << 3, 1 << 4, 1 << 8];
const LETTERS = "user-activity-events.dlq";
const PARKED = `${LETTERS}.parked`;
const GROUP = "processing-service-group.redrive";
const [MISSING, TOPIC_REFUSED, GROUP_REFUSED] = [3, 29, 30];

interface Told {
  readonly letters?: TopicInfo;
  readonly parked?: TopicInfo;
  /** The answer of DescribeGroups. */
  readonly group?: { readonly errorCode: number; readonly operations: number | null };
  /** The answer of CreateTopics, of which nothing is created. */
  readonly create?: number;
}

function topic(name: string, errorCode: number, operations: number | null): TopicInfo {
  return { name, errorCode, operations, id: null, partitions: [] };
}

async function check(
  {
    letters = topic(LETTERS, 0, READ | WRITE | DESCRIBE),
    parked = topic(PARKED, 0, WRITE | DESCRIBE),
    group = { errorCode: 0, operations: READ | DESCRIBE },
    create = 0,
  }: Told,
  env: Readonly<Record<string, string>> = {},
) {
  const view = new ClusterView({
    throttleTimeMs: 0,
    brokers: [LED.broker],
    controllerId: 1,
    topics: [letters, parked],
  }, LED.broker);
  const caller = answering({
    DescribeGroups: { ...group, members: [] },
    DescribeConfigs: { resources: [] },
    CreateTopics: { topicErrors: [{ errorCode: create, errorMessage: null }] },
  });
  return await checkRedriveRights(examinationWith(env, caller), view);
}

async function found(told: Told) {
  const results = await check(told);
  return results.filter(({ finding }) => finding !== null);
}

Deno.test("checkRedriveRights() asks for each right that a redrive needs beside those of the service", async () => {
  const results = await check({});
  assert.deepEqual(results.map(({ name, status }) => `${status} ${name}`), [
    `ok READ topic ${LETTERS}`,
    `ok WRITE topic ${PARKED}`,
    `ok READ group ${GROUP}`,
  ]);
});

Deno.test("checkRedriveRights() warns of each that is missing, with the command that allows it", async () => {
  const warnings = await found({
    letters: topic(LETTERS, 0, WRITE | DESCRIBE),
    parked: topic(PARKED, 0, DESCRIBE),
    group: { errorCode: 0, operations: DESCRIBE },
  });
  assert.ok(warnings.every(({ finding }) => finding === "redrive_right_missing"));
  assert.ok(warnings.every(({ status, exitCode }) => status === "warning" && exitCode === null));
  assert.deepEqual(
    warnings.flatMap(({ commands }) =>
      commands.map((each) => each.replace(/^.*--allow-principal \S+ /, ""))
    ),
    [
      `--operation Read --topic '${LETTERS}'`,
      `--operation Write --topic '${PARKED}'`,
      `--operation Read --group '${GROUP}'`,
    ],
  );
});

Deno.test("checkRedriveRights() warns of what cannot even be seen", async () => {
  const warnings = await found({
    letters: topic(LETTERS, TOPIC_REFUSED, null),
    parked: topic(PARKED, TOPIC_REFUSED, null),
    group: { errorCode: GROUP_REFUSED, operations: null },
  });
  assert.deepEqual(warnings.map(({ name }) => name), [
    `READ topic ${LETTERS}`,
    `WRITE topic ${PARKED}`,
    `READ group ${GROUP}`,
  ]);
  assert.match(warnings[1]?.commands[0] ?? "", /--operation Create --operation Write /);
});

Deno.test("checkRedriveRights() asks whether a parked topic that is missing would be created", async () => {
  const parked = topic(PARKED, MISSING, null);
  assert.deepEqual(await found({ parked }), []);
  const [refused] = await found({ parked, create: TOPIC_REFUSED });
  assert.equal(refused?.name, `CREATE topic ${PARKED}`);
  assert.match(refused?.commands[0] ?? "", /--operation Create --operation Write /);
  const other = await check({ parked, create: 44 });
  const { status, detail } = other.find(({ name }) => name.startsWith("CREATE")) ?? {};
  assert.equal(status, "skipped");
  assert.match(detail ?? "", /POLICY_VIOLATION/);
});

Deno.test("checkRedriveRights() leaves open what brokers do not tell", async () => {
  const results = await check({ letters: topic(LETTERS, 0, null) });
  assert.deepEqual(results.map(({ status }) => status), ["skipped", "ok", "ok"]);
});

Deno.test("checkRedriveRights() has nothing to look at with DLQ_TOPIC=none", async () => {
  const env = { DLQ_TOPIC: "none" };
  assert.deepEqual(await check({}, env), []);
  assert.deepEqual(parkedTopics(examinationWith(env).config), []);
});
