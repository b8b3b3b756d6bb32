import assert from "node:assert/strict";
import {
  FatalError,
  judge,
  oneLine,
  PermanentError,
  TransientError,
} from "../../../src/processing/failure.ts";

const THROWN: readonly {
  readonly name: string;
  readonly thrown: unknown;
  readonly kind: string;
  readonly code: string;
  readonly message: string;
}[] = [
  {
    name: "a TransientError",
    thrown: new TransientError("The database is away"),
    kind: "transient",
    code: "transient",
    message: "The database is away",
  },
  {
    name: "a PermanentError with a code",
    thrown: new PermanentError("No such user", { code: "no_user" }),
    kind: "permanent",
    code: "no_user",
    message: "No such user",
  },
  {
    name: "a FatalError",
    thrown: new FatalError("Disk full"),
    kind: "fatal",
    code: "fatal",
    message: "Disk full",
  },
  {
    name: "any other error",
    thrown: new TypeError("x is undefined"),
    kind: "unknown",
    code: "handler_error",
    message: "x is undefined",
  },
  {
    name: "an error with a code of Node's",
    thrown: Object.assign(new Error("connect"), { code: "ECONNREFUSED" }),
    kind: "unknown",
    code: "ECONNREFUSED",
    message: "connect",
  },
  {
    name: "an error with a code that would be a bad label",
    thrown: Object.assign(new Error("?"), { code: "user 4711 is unknown" }),
    kind: "unknown",
    code: "handler_error",
    message: "?",
  },
  {
    name: "an error with a code that is a number",
    thrown: Object.assign(new Error("?"), { code: 404 }),
    kind: "unknown",
    code: "handler_error",
    message: "?",
  },
  {
    name: "an error without a text",
    thrown: new Error(),
    kind: "unknown",
    code: "handler_error",
    message: "a handler threw an error without a text",
  },
  {
    name: "an object with a message",
    thrown: { message: "no class" },
    kind: "unknown",
    code: "handler_error",
    message: "no class",
  },
  {
    name: "a text, which may hold the event",
    thrown: "user-123 is unknown",
    kind: "unknown",
    code: "handler_error",
    message: "a handler threw a value of type string",
  },
  {
    name: "null",
    thrown: null,
    kind: "unknown",
    code: "handler_error",
    message: "a handler threw null",
  },
  {
    name: "nothing",
    thrown: undefined,
    kind: "unknown",
    code: "handler_error",
    message: "a handler threw undefined",
  },
  {
    name: "an object that does not let us look",
    thrown: new Proxy({}, {
      get() {
        throw new Error("hands off");
      },
    }),
    kind: "unknown",
    code: "handler_error",
    message: "a handler threw a value of type object",
  },
];

for (const { name, thrown, kind, code, message } of THROWN) {
  Deno.test(`judge() takes ${name} for ${kind}`, () => {
    const verdict = judge(thrown);
    assert.equal(verdict.kind, kind);
    const { stack: _, ...failure } = verdict.failure;
    assert.deepEqual(failure, { stage: "handle", code, message });
  });
}

Deno.test("judge() keeps the stack of an error, and has none to keep of a value", () => {
  const error = new Error("?");
  assert.equal(judge(error).failure.stack, error.stack);
  assert.equal("stack" in judge("text").failure, false);
});

Deno.test("Errors keep their cause, and names that survive minifying", () => {
  const cause = new Error("why");
  for (const [Class, name] of ERRORS) {
    const error = new Class("what", { code: "a_code", cause });
    assert.deepEqual([error.name, error.code, error.cause], [name, "a_code", cause]);
  }
});

const ERRORS = [
  [TransientError, "TransientError"],
  [PermanentError, "PermanentError"],
  [FatalError, "FatalError"],
] as const;

Deno.test("oneLine() puts a text on one line of at most 1000 characters", () => {
  assert.equal(oneLine(" a\n\tb \r\n c "), "a b c");
  assert.equal(oneLine("x".repeat(1_000)), "x".repeat(1_000));
  assert.equal(oneLine("x".repeat(1_001)), `${"x".repeat(999)}…`);
  assert.equal(oneLine("x".repeat(5_000_000)).length, 1_000);
});
