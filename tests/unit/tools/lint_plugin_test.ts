import assert from "node:assert/strict";
import plugin from "../../../tools/lint_plugin.ts";

/** The rules that `source` breaks when it stands in `file`, without the plugin's own prefix. */
function broken(file: string, source: string): string[] {
  const found = Deno.lint.runPlugin(plugin, file, source);
  return found.map(({ id }) => id.replace(/^house\//, ""));
}

function lines(count: number, line: string): string {
  return `${line}\n`.repeat(count);
}

const ALLOWED_IMPORTS: readonly (readonly [file: string, specifier: string])[] = [
  ["main.ts", "./src/commands/run.ts"],
  ["main.ts", "./deno.json"],
  ["src/commands/demo.ts", "../broker/mod.ts"],
  ["src/service.ts", "./wiring.ts"],
  ["src/wiring.ts", "./kafka/consumer.ts"],
  ["src/kafka/fetcher.ts", "./protocol.ts"],
  ["src/kafka/fetcher.ts", "../processing/message.ts"],
  ["src/kafka/fetcher.ts", "kafkajs/src/protocol/encoder.js"],
  ["src/doctor/brokers.ts", "../kafka/connections.ts"],
  ["src/handlers/display.ts", "../processing/message.ts"],
  ["src/handlers/display.ts", "../processing/failure.ts"],
  ["src/handlers/display.ts", "npm-package-of-a-user"],
  ["src/processing/attempts.ts", "./retry.ts"],
  ["src/processing/decode.ts", "../event.ts"],
  ["src/processing/dead_letter.ts", "node:crypto"],
  ["src/ops/telemetry.ts", "../processing/clock.ts"],
  ["src/ops/telemetry.ts", "../config.ts"],
  ["src/broker/node.ts", "node:net"],
  ["tests/support/kafka.ts", "kafkajs"],
  ["tests/unit/x_test.ts", "../../src/processing/partition.ts"],
];

const FORBIDDEN_IMPORTS: readonly (readonly [file: string, specifier: string])[] = [
  ["main.ts", "./src/kafka/consumer.ts"],
  ["src/service.ts", "./commands/run.ts"],
  ["src/wiring.ts", "./service.ts"],
  ["src/demo/events.ts", "../kafka/producer.ts"],
  ["src/kafka/fetcher.ts", "../handlers/mod.ts"],
  ["src/kafka/fetcher.ts", "../service.ts"],
  ["src/doctor/brokers.ts", "../wiring.ts"],
  ["src/doctor/brokers.ts", "kafkajs"],
  ["src/handlers/display.ts", "../processing/partition.ts"],
  ["src/handlers/display.ts", "../kafka/producer.ts"],
  ["src/processing/attempts.ts", "../kafka/producer.ts"],
  ["src/processing/attempts.ts", "../ops/telemetry.ts"],
  ["src/processing/attempts.ts", "kafkajs"],
  ["src/processing/attempts.ts", "node:fs"],
  ["src/ops/telemetry.ts", "../processing/partition.ts"],
  ["src/ops/telemetry.ts", "../kafka/consumer.ts"],
  ["src/broker/node.ts", "../kafka/protocol.ts"],
  ["src/broker/node.ts", "kafkajs"],
  ["src/broker/node.ts", "zod"],
  ["src/commands/demo.ts", "kafkajs"],
  ["src/event.ts", "./config.ts"],
  ["src/kafka/fetcher.ts", "../../tests/support/eventually.ts"],
];

Deno.test("import-rule lets each part import what is below it", () => {
  for (const [file, specifier] of ALLOWED_IMPORTS) {
    assert.deepEqual(broken(file, `import "${specifier}";`), [], `${file} <- ${specifier}`);
  }
});

Deno.test("import-rule refuses every other import", () => {
  for (const [file, specifier] of FORBIDDEN_IMPORTS) {
    const found = broken(file, `import { x } from "${specifier}";`);
    assert.deepEqual(found, ["import-rule"], `${file} <- ${specifier}`);
  }
});

Deno.test("import-rule sees type imports, re-exports and dynamic imports", () => {
  const sources = [
    `import type { Kafka } from "kafkajs";`,
    `export { x } from "kafkajs";`,
    `export * from "kafkajs";`,
    `const kafkajs = await import("kafkajs");`,
  ];
  for (const source of sources) {
    assert.deepEqual(broken("src/ops/health.ts", source), ["import-rule"], source);
  }
});

Deno.test("import-rule knows a file by its absolute path", () => {
  const file = new URL("../../../src/processing/lanes.ts", import.meta.url).pathname;
  assert.deepEqual(broken(file, `import "kafkajs";`), ["import-rule"]);
});

Deno.test("function-length takes 70 lines and no more", () => {
  const atLimit = `function f(): void {\n${lines(68, "  g();")}}`;
  const above = `function f(): void {\n${lines(69, "  g();")}}`;
  assert.deepEqual(broken("src/x.ts", atLimit), []);
  assert.deepEqual(broken("src/x.ts", above), ["function-length"]);
});

Deno.test("function-length counts methods and arrows", () => {
  const method = `class A {\n  m(): void {\n${lines(70, "    g();")}  }\n}`;
  const arrow = `Deno.test("x", () => {\n${lines(70, "  g();")}});`;
  assert.deepEqual(broken("src/x.ts", method), ["function-length"]);
  assert.deepEqual(broken("tests/x_test.ts", arrow), ["function-length"]);
});

Deno.test("file-length counts lines of code, not comments and blank lines", () => {
  const code = lines(300, "g();");
  const comment = `/**\n${lines(50, " * why")} */\n\n// more\n`;
  assert.deepEqual(broken("src/x.ts", comment + code), []);
  assert.deepEqual(broken("src/x.ts", `${code}g();`), ["file-length"]);
});

Deno.test("pure-core keeps time, chance and the machine out of src/processing", () => {
  const sources = [
    "const t = Date.now();",
    "const t = new Date();",
    "const t = performance.now();",
    "const r = Math.random();",
    "const id = crypto.randomUUID();",
    "setTimeout(wake, 5);",
    "setInterval(wake, 5);",
    "const s = AbortSignal.timeout(5);",
    `const e = Deno.env.get("X");`,
    "globalThis.setTimeout(wake, 5);",
  ];
  for (const source of sources) {
    assert.deepEqual(broken("src/processing/retry.ts", source), ["pure-core"], source);
    assert.deepEqual(broken("src/kafka/retry.ts", source), [], source);
  }
});

Deno.test("pure-core lets a name pass that only looks like a global", () => {
  const sources = [
    "const d = new Date(clock.wallTime());",
    "clock.performance;",
    "const facts = { performance: 1 };",
    "const d = Date.parse(text);",
    "const m = Math.max(1, 2);",
  ];
  for (const source of sources) {
    assert.deepEqual(broken("src/processing/retry.ts", source), [], source);
  }
});

Deno.test("constant-log-text refuses a text that is put together", () => {
  const sources = [
    "logger.info(`Got ${n}`);",
    "logger.info(`Got it`);",
    `logger.warning("Got " + n);`,
    "logger.error(text);",
    "this.#logger.debug(text);",
    "context.logger.info(text);",
    `getLogger("kafka").info(text);`,
    "logger.with({ topic }).error(text);",
    "logger.info`Got ${n}`;",
  ];
  for (const source of sources) {
    const found = broken("src/x.ts", `class A { #logger; m() { ${source} } }`);
    assert.deepEqual(found, ["constant-log-text"], source);
  }
});

Deno.test("constant-log-text takes a literal with fields, and leaves other objects alone", () => {
  const source =
    `logger.info("Joined", { topic }); logger.info(NOT_COMMITTED); assert.error(text); result.error(text);`;
  assert.deepEqual(broken("src/x.ts", source), []);
});

Deno.test("no-console keeps the console to what talks to people", () => {
  assert.deepEqual(broken("src/kafka/x.ts", "console.log(1);"), ["no-console"]);
  assert.deepEqual(broken("src/commands/config.ts", "console.log(1);"), []);
  assert.deepEqual(broken("tools/x.ts", "console.log(1);"), []);
});

Deno.test("no-top-level-arrow wants a function declaration", () => {
  assert.deepEqual(broken("src/x.ts", "const f = () => 1;"), ["no-top-level-arrow"]);
  assert.deepEqual(broken("src/x.ts", "export const f = () => 1;"), ["no-top-level-arrow"]);
  assert.deepEqual(broken("src/x.ts", "function f() { const g = () => 1; return g; }"), []);
});

Deno.test("hash-private wants #name", () => {
  const property = "class A { private x = 1; }";
  const method = "class A { private m(): void {} }";
  const parameter = "class A { constructor(private x: number) {} }";
  for (const source of [property, method, parameter]) {
    assert.deepEqual(broken("src/x.ts", source), ["hash-private"], source);
  }
  const fine = "class A { #x = 1; readonly y = 2; private constructor() {} }";
  assert.deepEqual(broken("src/x.ts", fine), []);
});
