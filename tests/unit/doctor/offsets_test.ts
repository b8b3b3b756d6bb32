import assert from "node:assert/strict";
import type { GroupFacts } from "../../../src/doctor/group.ts";
import { checkOffsets, nextOf } from "../../../src/doctor/offsets.ts";
import type { Result } from "../../../src/doctor/result.ts";
import { examinationWith, standing } from "../../support/examination.ts";

const GROUP: GroupFacts = {
  isTold: true,
  isSeen: true,
  operations: null,
  mayRead: true,
  coordinator: null,
  description: null,
  silent: 0,
  trouble: null,
};

function check(
  range: Parameters<typeof standing>[0],
  env: Readonly<Record<string, string>> = {},
): Result | undefined {
  const standings = [standing(range)];
  return checkOffsets(examinationWith(env), { standings, group: GROUP })[0];
}

Deno.test("checkOffsets() is content with a commit from the start of the log to its end", () => {
  for (const committed of [10, 15, 20]) {
    assert.equal(check({ start: 10, end: 20, committed })?.status, "ok");
  }
  assert.match(check({ start: 10, end: 20, committed: 15 })?.detail ?? "", /5 messages to read/);
});

Deno.test("checkOffsets() counts what was deleted unread, and names the way out", () => {
  const found = check({ start: 10, end: 20, committed: 4 });
  assert.equal(found?.finding, "offsets_below_start");
  assert.match(found?.detail ?? "", /6 messages deleted unread/);
  assert.match(
    found?.commands[0] ?? "",
    /--reset-offsets .*--to-earliest .*user-activity-events:0$/,
  );
});

Deno.test("checkOffsets() finds a commit beyond the end of the log", () => {
  assert.equal(check({ start: 0, end: 20, committed: 21 })?.finding, "offsets_beyond_end");
});

Deno.test("checkOffsets() fails where AUTO_OFFSET_RESET=none would end the service", () => {
  const none = { AUTO_OFFSET_RESET: "none" };
  const missing = check({ start: 0, end: 20, committed: null }, none);
  assert.deepEqual([missing?.finding, missing?.exitCode], ["offsets_missing", 78]);
  assert.equal(check({ start: 10, end: 20, committed: 4 }, none)?.exitCode, 78);
  assert.equal(check({ start: 0, end: 20, committed: null })?.status, "ok");
});

Deno.test("nextOf() is the commit inside the log, else where it starts", () => {
  assert.equal(nextOf(standing({ start: 10, end: 20, committed: 12 })), 12);
  assert.equal(nextOf(standing({ start: 10, end: 20, committed: 20 })), 20);
  for (const committed of [null, 9, 21]) {
    assert.equal(nextOf(standing({ start: 10, end: 20, committed })), 10);
  }
});
