import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { checkGroup, type GroupFacts, lookUpGroup } from "../../../src/doctor/group.ts";
import { ClusterView } from "../../../src/doctor/examination.ts";
import type { DescribedGroup, DescribedMember } from "../../../src/kafka/inspection_requests.ts";
import { encodeSubscription } from "../../../src/kafka/subscription.ts";
import { answering, examinationWith, LED } from "../../support/examination.ts";

const TOPIC = "user-activity-events";
const BROKERS = [LED.broker, { ...LED.broker, id: 2, host: "kafka-2" }];
const VIEW = new ClusterView(
  { throttleTimeMs: 0, brokers: BROKERS, controllerId: 1, topics: [] },
  LED.broker,
);
const ASKED = { view: VIEW, groupId: "processing-service-group" };
const NO_LIMITS = { resources: [] };

function member(topics: readonly string[] = [TOPIC], instance: string | null = null) {
  return {
    memberId: crypto.randomUUID(),
    groupInstanceId: instance,
    clientId: "client",
    clientHost: "/10.0.0.1",
    metadata: Buffer.from(encodeSubscription(topics, [], -1)),
    assignment: Buffer.alloc(0),
  };
}

function described(
  members: readonly DescribedMember[],
  protocol = "cooperative-sticky",
): DescribedGroup {
  return {
    throttleTimeMs: 0,
    errorCode: 0,
    state: members.length === 0 ? "Empty" : "Stable",
    protocolType: "consumer",
    protocol,
    members,
    operations: null,
  };
}

function facts(description: DescribedGroup): GroupFacts {
  return {
    isTold: true,
    isSeen: true,
    operations: null,
    mayRead: true,
    coordinator: LED.broker,
    description,
    silent: 0,
    trouble: null,
  };
}

async function check(
  description: DescribedGroup,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly (string | null)[]> {
  const examination = examinationWith(env, answering({ DescribeConfigs: NO_LIMITS }));
  return (await checkGroup(examination, facts(description))).map(({ finding }) => finding);
}

Deno.test("checkGroup() is content with members like ourselves, and with none", async () => {
  assert.deepEqual(await check(described([member(), member()])), [null]);
  assert.deepEqual(await check(described([], "homemade")), [null]);
});

Deno.test("checkGroup() names an assignor that is not ours, and clients that use it", async () => {
  const examination = examinationWith({}, answering({ DescribeConfigs: NO_LIMITS }));
  const [result] = await checkGroup(examination, facts(described([member()], "homemade")));
  assert.equal(result?.finding, "group_assignor_foreign");
  assert.match(result?.detail ?? "", /homemade: client at 10\.0\.0\.1$/);
  assert.match(result?.fix ?? "", /cooperative-sticky, RoundRobinAssigner, roundrobin, range/);
});

Deno.test("checkGroup() names members with another subscription, in whatever order they name topics", async () => {
  assert.deepEqual(await check(described([member(), member(["other"])])), [
    "group_subscription_differs",
  ]);
  const both = described([member(["b", "a"])]);
  assert.deepEqual(await check(both, { KAFKA_TOPIC: "a,b" }), [null]);
});

Deno.test("checkGroup() names a member that has our instance id", async () => {
  const env = { KAFKA_GROUP_INSTANCE_ID: "one" };
  assert.deepEqual(await check(described([member([TOPIC], "one")]), env), ["group_instance_taken"]);
  assert.deepEqual(await check(described([member([TOPIC], "two")]), env), [null]);
});

Deno.test("checkGroup() names a session that the brokers will refuse", async () => {
  const configEntries = [
    { configName: "group.min.session.timeout.ms", configValue: "6000" },
    { configName: "group.max.session.timeout.ms", configValue: "300000" },
  ];
  const resources = [{ errorCode: 0, resourceName: "1", configEntries }];
  const results = await checkGroup(
    examinationWith(
      { SESSION_TIMEOUT_MS: "3000", HEARTBEAT_INTERVAL_MS: "500" },
      answering({ DescribeConfigs: { resources } }),
    ),
    facts(described([])),
  );
  assert.deepEqual(results.map(({ finding }) => finding), ["session_timeout_refused"]);
  assert.match(results[0]?.fix ?? "", /from 6000 to 300000$/);
});

Deno.test("lookUpGroup() asks every broker, never for the coordinator, and takes the one that knows", async () => {
  const asked: string[] = [];
  const group = described([member()]);
  const examination = examinationWith({}, {
    ...answering({}),
    call: ({ to, request }) => {
      asked.push(`${request.apiName} ${to.id}`);
      const errorCode = request.apiName === "DescribeGroups" && to.id === 2 ? 0 : 16;
      return Promise.resolve({ ...group, errorCode } as never);
    },
  });
  const found = await lookUpGroup(examination, ASKED);
  assert.equal(found.coordinator?.id, 2);
  assert.deepEqual(asked, ["DescribeGroups 1", "DescribeGroups 2", "Heartbeat 1"]);
});

Deno.test("lookUpGroup() says when this user may not see the group, and when nobody answers", async () => {
  const refused = answering({ DescribeGroups: { ...described([]), errorCode: 30 } });
  assert.equal((await lookUpGroup(examinationWith({}, refused), ASKED)).isSeen, false);
  const nobody = await lookUpGroup(examinationWith(), ASKED);
  assert.deepEqual([nobody.isTold, nobody.silent, nobody.coordinator], [false, 2, null]);
});
