/**
 * The house rules as lint rules, so that they are checked and not remembered: who may import whom, what the core
 * may reach, how long a function and a file may be, and how a log line is written.
 * The default export is what `deno lint` asks of a plugin; it is the only one in this repository.
 */

/** Most lines of one function, from its first to its last. */
const MAX_FUNCTION_LINES = 70;
/** Most lines of one file that hold code; blank lines and comments are free. */
const MAX_FILE_CODE_LINES = 300;

/**
 * The import rule: each part of the tree with what it may import beside itself, as path prefixes under the root.
 * The first entry whose `part` fits a file is its row. Tests, tools and benchmarks may import anything.
 */
const IMPORT_RULE: readonly ImportRow[] = [
  { part: "main.ts", may: ["deno.json", "src/cli", "src/commands/", "src/config"] },
  { part: "src/cli", may: ["src/commands/", "src/config"] },
  { part: "src/commands/", may: ["src/"] },
  { part: "src/service.ts", may: ["src/"], never: ["src/commands/", "src/cli"] },
  { part: "src/redrive.ts", may: ["src/"], never: ["src/commands/", "src/cli"] },
  { part: "src/workers/", may: ["src/"], never: ["src/commands/", "src/cli"] },
  { part: "src/wiring", may: ["src/"], never: ["src/commands/", "src/cli", "src/service.ts"] },
  { part: "src/demo/", may: ["src/event"] },
  {
    part: "src/console/page/",
    may: ["src/ops/snapshot.ts", "src/ops/recent.ts", "src/ops/http/dead_letters.ts"],
  },
  { part: "src/console/", may: ["src/ops/http_server.ts"] },
  { part: "src/dead_letters/", may: ["src/kafka/", "src/processing/", "src/ops/", "src/config"] },
  {
    part: "src/doctor/",
    may: [
      "src/kafka/",
      "src/processing/",
      "src/ops/",
      "src/config",
      "src/dead_letters/parking.ts",
      "src/dead_letters/redrive_group.ts",
      "src/dead_letters/source.ts",
    ],
  },
  { part: "src/kafka/", may: ["src/processing/", "src/ops/", "src/config"] },
  {
    part: "src/handlers/",
    may: [
      "src/processing/message.ts",
      "src/processing/handler.ts",
      "src/processing/failure.ts",
      "src/event",
    ],
  },
  { part: "src/processing/", may: ["src/event"] },
  {
    part: "src/ops/",
    may: [
      "src/config",
      "src/processing/message.ts",
      "src/processing/clock.ts",
      "src/processing/fingerprint.ts",
      "src/processing/telemetry.ts",
      "src/processing/partition_key.ts",
      "src/processing/standstill.ts",
      "src/processing/tracing.ts",
    ],
  },
  { part: "src/broker/", may: [] },
  { part: "src/config", may: [] },
  { part: "src/event", may: [] },
  { part: "src/", may: [] },
];

interface ImportRow {
  readonly part: string;
  readonly may: readonly string[];
  readonly never?: readonly string[];
}

/** The parts of the tree that may import kafkajs and its codecs. */
const KAFKAJS_PARTS: readonly string[] = ["src/kafka/", "tests/", "bench/"];
/** The builtins that compute and have no effect; the core may use no other. */
const CORE_BUILTINS: readonly string[] = ["node:buffer", "node:crypto", "node:util"];
/** Globals that bring time, chance or the machine into the core, past its Clock. */
const CORE_FORBIDDEN_GLOBALS: ReadonlySet<string> = new Set([
  "Deno",
  "performance",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "globalThis",
]);
/** Members of allowed globals that do the same. */
const CORE_FORBIDDEN_MEMBERS: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "AbortSignal.timeout",
  "crypto.randomUUID",
  "crypto.getRandomValues",
]);
/** Where lines for people may be printed past the logger. */
const CONSOLE_PARTS: readonly string[] = [
  "main.ts",
  "src/cli",
  "src/commands/",
  "tests/",
  "tools/",
  "bench/",
];
const LOG_METHODS: ReadonlySet<string> = new Set(["debug", "info", "warning", "warn", "error"]);

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "import-rule": { create: importRule },
    "function-length": { create: functionLength },
    "file-length": { create: fileLength },
    "pure-core": { create: pureCore },
    "constant-log-text": { create: constantLogText },
    "no-console": { create: noConsole },
    "no-top-level-arrow": { create: noTopLevelArrow },
    "hash-private": { create: hashPrivate },
  },
};

export default plugin;

function importRule(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const file = pathInTree(context.filename);
  function check(node: Deno.lint.Node, specifier: string): void {
    const problem = importProblem(file, specifier);
    if (problem !== null) context.report({ node, message: problem });
  }
  return {
    ImportDeclaration: (node) => check(node, node.source.value),
    ExportAllDeclaration: (node) => check(node, node.source.value),
    ExportNamedDeclaration(node) {
      if (node.source !== null) check(node, node.source.value);
    },
    ImportExpression(node) {
      if (node.source.type !== "Literal" || typeof node.source.value !== "string") return;
      check(node, node.source.value);
    },
  };
}

/** Why `file` may not import `specifier`; null when it may. */
function importProblem(file: string, specifier: string): string | null {
  if (specifier.startsWith(".")) {
    return treeImportProblem(file, new URL(specifier, `file:///${file}`).pathname.slice(1));
  }
  if (specifier.startsWith("kafkajs") && !startsWithAny(file, KAFKAJS_PARTS)) {
    return `Only ${KAFKAJS_PARTS.join(", ")} may import kafkajs: ${specifier}`;
  }
  if (file.startsWith("src/processing/") && !CORE_BUILTINS.includes(specifier)) {
    return `The core imports no package and no builtin with effects: ${specifier}`;
  }
  if (file.startsWith("src/broker/") && !specifier.startsWith("node:")) {
    return `The embedded broker imports builtins only: ${specifier}`;
  }
  return null;
}

function treeImportProblem(file: string, target: string): string | null {
  const row = IMPORT_RULE.find(({ part }) => file.startsWith(part));
  if (row === undefined) return null;
  if (startsWithAny(target, row.never ?? [])) return `${row.part} may not import ${target}`;
  if (target.startsWith(row.part) && row.part !== "src/") return null;
  if (startsWithAny(target, row.may)) return null;
  const allowed = ["itself", ...row.may].join(", ");
  return `${row.part} may not import ${target}: it may import ${allowed}`;
}

function functionLength(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  function check(node: Deno.lint.Node): void {
    const text = context.sourceCode.text.slice(node.range[0], node.range[1]);
    const lines = text.split("\n").length;
    if (lines <= MAX_FUNCTION_LINES) return;
    context.report({
      node,
      message: `Function is too long: ${lines} lines, at most ${MAX_FUNCTION_LINES}`,
    });
  }
  return {
    FunctionDeclaration: check,
    FunctionExpression: check,
    ArrowFunctionExpression: check,
  };
}

function fileLength(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  return {
    Program(node) {
      const lines = countCodeLines(context.sourceCode.text);
      if (lines <= MAX_FILE_CODE_LINES) return;
      context.report({
        node,
        message: `File is too long: ${lines} lines of code, at most ${MAX_FILE_CODE_LINES}`,
      });
    },
  };
}

/** Lines that are neither blank nor a comment from their first character on. */
function countCodeLines(text: string): number {
  let count = 0;
  let inBlockComment = false;
  for (const line of text.split("\n").map((line) => line.trim())) {
    if (!inBlockComment && line.startsWith("/*")) inBlockComment = true;
    if (!inBlockComment && line !== "" && !line.startsWith("//")) count += 1;
    if (inBlockComment && line.includes("*/")) inBlockComment = false;
  }
  return count;
}

function pureCore(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (!pathInTree(context.filename).startsWith("src/processing/")) return {};
  function report(node: Deno.lint.Node, what: string): void {
    const hint = "Take what it gives through the Clock, or do it at the edge.";
    context.report({ node, message: `The core may not use ${what}`, hint });
  }
  return {
    Identifier(node) {
      if (CORE_FORBIDDEN_GLOBALS.has(node.name) && !isName(node)) report(node, node.name);
    },
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.property.type !== "Identifier") return;
      const member = `${node.object.name}.${node.property.name}`;
      if (CORE_FORBIDDEN_MEMBERS.has(member)) report(node, member);
    },
    NewExpression(node) {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
      if (node.arguments.length === 0) report(node, "new Date() without a time");
    },
  };
}

/** True when the identifier is a member's or a property's name and so refers to no global. */
function isName(node: Deno.lint.Identifier): boolean {
  const parent: Deno.lint.Node = node.parent;
  if (parent.type === "MemberExpression") return parent.property === node && !parent.computed;
  if (parent.type === "Property" || parent.type === "PropertyDefinition") {
    return parent.key === node && parent.value !== node;
  }
  return parent.type === "MethodDefinition" || parent.type.startsWith("TS");
}

function constantLogText(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  const hint = "Put what varies into the fields; the text names the fact and can be searched for.";
  return {
    CallExpression(node) {
      if (!isLogMethod(node.callee) || isConstantText(node.arguments[0])) return;
      context.report({ node, message: "A log text must be a string literal or a CONSTANT", hint });
    },
    TaggedTemplateExpression(node) {
      if (!isLogMethod(node.tag)) return;
      context.report({ node, message: "A log text must not be a template", hint });
    },
  };
}

function isLogMethod(callee: Deno.lint.Node): boolean {
  if (callee.type !== "MemberExpression" || callee.property.type !== "Identifier") return false;
  return LOG_METHODS.has(callee.property.name) && isLogger(callee.object);
}

/** `logger`, `this.#logger`, `context.logger`, `getLogger(…)`, `logger.with(…)`. */
function isLogger(node: Deno.lint.Node): boolean {
  if (node.type === "Identifier") return /logger$/i.test(node.name);
  if (node.type === "CallExpression") return isLogger(node.callee);
  if (node.type !== "MemberExpression") return false;
  const { property } = node;
  const isNamed = property.type === "Identifier" || property.type === "PrivateIdentifier";
  return (isNamed && /logger$/i.test(property.name)) || isLogger(node.object);
}

/** A string literal, or a constant by the house's naming: `NOT_COMMITTED`. */
function isConstantText(node: Deno.lint.Node | undefined): boolean {
  if (node?.type === "Identifier") return /^[A-Z][A-Z0-9_]*$/.test(node.name);
  return node?.type === "Literal" && typeof node.value === "string";
}

function noConsole(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  if (startsWithAny(pathInTree(context.filename), CONSOLE_PARTS)) return {};
  return {
    MemberExpression(node) {
      if (node.object.type !== "Identifier" || node.object.name !== "console") return;
      context.report({ node, message: "Write through the logger, not the console" });
    },
  };
}

function noTopLevelArrow(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  return {
    Program(program) {
      for (const statement of program.body) {
        const node = statement.type === "ExportNamedDeclaration"
          ? statement.declaration
          : statement;
        if (node?.type !== "VariableDeclaration") continue;
        for (const { id, init } of node.declarations) {
          if (init?.type !== "ArrowFunctionExpression") continue;
          context.report({ node: id, message: "A top-level function is a `function`, no arrow" });
        }
      }
    },
  };
}

function hashPrivate(context: Deno.lint.RuleContext): Deno.lint.LintVisitor {
  function report(node: Deno.lint.Node): void {
    context.report({ node, message: "Use #name, which the runtime keeps, not `private`" });
  }
  // A constructor has no #name: `private constructor` is the only way to keep it to the class.
  function checkMember(node: Deno.lint.PropertyDefinition | Deno.lint.MethodDefinition): void {
    const isConstructor = node.type === "MethodDefinition" && node.kind === "constructor";
    if (node.accessibility === "private" && !isConstructor) report(node);
  }
  return {
    PropertyDefinition: checkMember,
    MethodDefinition: checkMember,
    TSParameterProperty(node) {
      // Deno 2.9.6 leaves `accessibility` out here, so the text has to tell.
      if (context.sourceCode.text.startsWith("private ", node.range[0])) report(node);
    },
  };
}

/** The file's path under the root of the repository; a path that is already relative stays as it is. */
function pathInTree(filename: string): string {
  const root = new URL("../", import.meta.url).pathname;
  return filename.startsWith(root) ? filename.slice(root.length) : filename;
}

function startsWithAny(path: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => path.startsWith(prefix));
}
