import assert from "node:assert/strict";
import { ERROR } from "../../../../src/broker/error_codes.ts";
import { GroupUnderTest, protocol } from "../../../support/broker_group.ts";

Deno.test("ClassicGroup takes the protocol that most members prefer among those that all know", async () => {
  const cases: readonly (readonly [readonly string[][], string])[] = [
    [[["range", "sticky"], ["sticky", "range"], ["sticky", "range"]], "sticky"],
    [[["range", "sticky"], ["sticky", "range"]], "range"],
    [[["new", "sticky", "range"], ["range", "sticky"], ["new", "range", "sticky"]], "range"],
    [[["new", "range"], ["new", "range"], ["range"]], "range"],
  ];
  for (const [members, chosen] of cases) {
    const test = new GroupUnderTest();
    await test.stable(members.map((names) => ({ protocols: names.map((name) => protocol(name)) })));
    assert.equal(test.group.describe().protocolName, chosen, JSON.stringify(members));
  }
});

Deno.test("ClassicGroup.join() refuses a member that has no protocol in common with the others", async () => {
  const test = new GroupUnderTest();
  await test.stable([{ protocols: [protocol("range"), protocol("sticky")] }]);
  const codeOf = async (request: Parameters<GroupUnderTest["join"]>[0]) =>
    (await test.join(request)).answer.errorCode;
  const refused = ERROR.INCONSISTENT_GROUP_PROTOCOL;
  assert.equal(await codeOf({ protocols: [protocol("other")] }), refused);
  assert.equal(await codeOf({ protocols: [] }), refused);
  assert.equal(await codeOf({ protocolType: "connect" }), refused);
  assert.equal(await codeOf({ protocols: [protocol("sticky")] }), ERROR.MEMBER_ID_REQUIRED);
});

Deno.test("ClassicGroup.sync() refuses what names another protocol", async () => {
  const test = new GroupUnderTest();
  const [member] = await test.stable([{}]);
  assert.ok(member);
  const codeOf = async (names: Parameters<GroupUnderTest["sync"]>[2]) =>
    (await test.sync(member, {}, names)).answer.errorCode;
  assert.equal(await codeOf({ protocolType: "consumer", protocolName: "range" }), ERROR.NONE);
  assert.equal(await codeOf({ protocolName: "sticky" }), ERROR.INCONSISTENT_GROUP_PROTOCOL);
  assert.equal(await codeOf({ protocolType: "connect" }), ERROR.INCONSISTENT_GROUP_PROTOCOL);
});
