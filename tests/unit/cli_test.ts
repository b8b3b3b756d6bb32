import assert from "node:assert/strict";
import { runCommandLine } from "../../src/cli.ts";
import { parseCommandLine, UsageError } from "../../src/cli/command_line.ts";
import { COMMAND_NAMES } from "../../src/commands/catalog.ts";
import { flagOf, SETTING_NAMES } from "../../src/config/settings.ts";
import { configSources, type TestSources } from "../support/config_sources.ts";

async function runWith(
  args: readonly string[],
  { commit = null, ...sources }: TestSources & { readonly commit?: string | null } = {},
) {
  const { env, readFile } = configSources(sources);
  const printed: string[] = [];
  const errors: string[] = [];
  const code = await runCommandLine({
    args,
    env,
    readFile,
    version: "1.2.3",
    commit,
    print: (text) => printed.push(text),
    printError: (text) => errors.push(text),
  });
  return { code, printed: printed.join("\n"), errors: errors.join("\n") };
}

function usageProblems(...args: string[]): readonly string[] {
  try {
    parseCommandLine(args);
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.problems;
  }
  assert.fail("the command line was accepted");
}

Deno.test("parseCommandLine() runs the service when no command is named", () => {
  const line = parseCommandLine(["--kafka-topic", "a", "--kafka-group-id=b"]);
  assert.equal(line.command, "run");
  assert.deepEqual([...line.settings], [["kafka-topic", "a"], ["kafka-group-id", "b"]]);
});

Deno.test("parseCommandLine() finds the command behind flags, and splits off its own", () => {
  const line = parseCommandLine(["--http-port", "9000", "healthcheck", "--ready"]);
  assert.equal(line.command, "healthcheck");
  assert.deepEqual([...line.settings], [["http-port", "9000"]]);
  assert.deepEqual([...line.own], [["ready", "true"]]);
});

Deno.test("parseCommandLine() takes commands of two words, and what stands behind them", () => {
  const line = parseCommandLine(["dead-letters", "--json", "show", "a.dlq[0]@17"]);
  assert.deepEqual([line.command, line.argument], ["dead-letters show", "a.dlq[0]@17"]);
  assert.equal(parseCommandLine(["dead-letters", "list"]).argument, null);
  assert.deepEqual(usageProblems("dead-letters", "show"), [
    "dead-letters show: needs a TOPIC[PARTITION]@OFFSET",
  ]);
  assert.deepEqual(usageProblems("dead-letters", "show", "a/0/1", "b/0/2"), ["b/0/2: unexpected"]);
  assert.deepEqual(usageProblems("dead-letters", "list", "a/0/1"), ["a/0/1: unexpected"]);
});

Deno.test("parseCommandLine() names the commands behind a first word, and the nearest one", () => {
  const [problem] = usageProblems("dead-letters");
  assert.match(problem ?? "", /^dead-letters: say what to do with them, list, show, rehearse/);
  assert.deepEqual(usageProblems("dead-letters", "reherse"), [
    "dead-letters reherse: unknown command, did you mean rehearse?",
  ]);
  assert.deepEqual(usageProblems("dead-leters", "list"), [
    "dead-leters: unknown command, did you mean dead-letters?",
    "list: unexpected",
  ]);
});

Deno.test("parseCommandLine() takes switches alone, negated, and with a value", () => {
  const value = (...args: string[]) => parseCommandLine(args).settings.get("enable-auto-commit");
  assert.equal(value("--enable-auto-commit"), "true");
  assert.equal(value("--no-enable-auto-commit"), "false");
  assert.equal(value("--enable-auto-commit=false"), "false");
  assert.equal(value("--enable-auto-commit", "false"), "false");
  assert.equal(value("config", "--enable-auto-commit", "true"), "true");
});

Deno.test("parseCommandLine() takes a negative number for a value", () => {
  const line = parseCommandLine(["--dlq-retention-ms", "-1"]);
  assert.equal(line.settings.get("dlq-retention-ms"), "-1");
});

Deno.test("parseCommandLine() has a flag for each setting, for secrets that of the file", () => {
  for (const name of SETTING_NAMES) {
    const flag = flagOf(name);
    const known = [flag, `${flag}-file`].some((each) => {
      try {
        parseCommandLine([`--${each}=true`]);
        return true;
      } catch {
        return false;
      }
    });
    assert.ok(known, name);
  }
});

Deno.test("parseCommandLine() names the nearest flag or command, all problems at once", () => {
  assert.deepEqual(usageProblems("--kafka-broker", "a:1", "--LOG_LEVELS=x", "healthchek"), [
    "--kafka-broker: unknown flag, did you mean --kafka-brokers?",
    "--LOG_LEVELS: unknown flag, did you mean --log-level?",
    "healthchek: unknown command, did you mean healthcheck?",
  ]);
});

Deno.test("parseCommandLine() refuses values that are missing, and words that follow nothing", () => {
  assert.deepEqual(usageProblems("--kafka-topic"), ["--kafka-topic: needs a value"]);
  assert.deepEqual(usageProblems("--kafka-topic", "--log-level=info"), [
    "--kafka-topic: needs a value",
  ]);
  assert.deepEqual(usageProblems("config", "extra"), ["extra: unexpected"]);
});

Deno.test("parseCommandLine() refuses flags of another command", () => {
  assert.deepEqual(usageProblems("--ready"), ["--ready: not a flag of run"]);
  assert.deepEqual(usageProblems("healthcheck", "--kafka-topic", "a"), [
    "--kafka-topic: not a flag of healthcheck",
  ]);
});

Deno.test("parseCommandLine() takes no secret, and repeats none", () => {
  const [problem, ...others] = usageProblems("--kafka-sasl-password", "hunter2");
  assert.deepEqual(others, []);
  assert.match(problem ?? "", /KAFKA_SASL_PASSWORD or --kafka-sasl-password-file$/);
  const inline = usageProblems("--kafka-sasl-password=hunter2", "--password", "hunter2");
  assert.ok(!inline.join().includes("hunter2"));
});

Deno.test("runCommandLine() prints help and version, whatever the settings are", async () => {
  const env = { HTTP_PORT: "nonsense" };
  for (const args of [["--help"], ["-h"], ["help"]]) {
    const { code, printed } = await runWith(args, { env });
    assert.equal(code, 0);
    for (const name of COMMAND_NAMES) assert.ok(printed.includes(`  ${name}`), name);
  }
  assert.deepEqual(await runWith(["--version"], { env }), {
    code: 0,
    printed: "1.2.3 (commit unknown)",
    errors: "",
  });
  const { printed } = await runWith(["-V"], { env, commit: "4040120" });
  assert.equal(printed, "1.2.3 (commit 4040120)");
});

Deno.test("runCommandLine() explains what commands of one first word have in common", async () => {
  const { code, printed } = await runWith(["help", "dead-letters"]);
  assert.equal(code, 0);
  assert.deepEqual(await runWith(["dead-letters", "--help"]), { code, printed, errors: "" });
  const own = COMMAND_NAMES.filter((name) => name.startsWith("dead-letters "));
  for (const name of own) assert.match(printed, new RegExp(`^ {2}${name} `, "m"));
  assert.ok(!printed.includes("healthcheck"));
});

Deno.test("runCommandLine() explains each command and each setting within 100 columns", async () => {
  for (const name of COMMAND_NAMES) {
    const words = name.split(" ");
    const { code, printed } = await runWith([...words, "--help"]);
    assert.equal(code, 0);
    assert.match(
      printed,
      new RegExp(`^Usage: processing-service ${name}( \\S+)? \\[flags\\]$`, "m"),
    );
    assert.deepEqual(await runWith(["help", ...words]), await runWith([...words, "--help"]));
    for (const line of printed.split("\n")) assert.ok(line.length <= 100, line);
  }
  const { printed } = await runWith(["--help"]);
  for (const name of SETTING_NAMES) assert.ok(printed.includes(`--${flagOf(name)}`), name);
});

Deno.test("runCommandLine() exits with 64 for usage and 78 for settings", async () => {
  const usage = await runWith(["--kafka-topik", "a"]);
  assert.equal(usage.code, 64);
  assert.match(usage.errors, /--kafka-topik: unknown flag, did you mean --kafka-topic\?/);
  const own = await runWith(["healthcheck", "--ready=maybe"]);
  assert.equal(own.code, 64);
  assert.match(own.errors, /--ready: expected true or false: "maybe"/);
  const settings = await runWith(["config"], { env: { CONCURRENCY: "0", HTTP_PORT: "x" } });
  assert.equal(settings.code, 78);
  assert.match(settings.errors, /2 problems\n {2}CONCURRENCY: .*\n {2}HTTP_PORT: /);
  assert.equal(settings.printed, "");
});

Deno.test("config prints every setting with its origin, secrets masked, and unknown variables", async () => {
  const env = {
    KAFKA_SASL_MECHANISM: "plain",
    KAFKA_SASL_USERNAME: "app",
    KAFKA_SASL_PASSWORD: "hunter2",
    KAFKA_BOOTSTRAP_SERVERS: "elsewhere:1",
  };
  const files = { ".env": "CONCURRENCY=3\n" };
  const { code, printed } = await runWith(["config", "--log-level", "warn"], { env, files });
  assert.equal(code, 0);
  assert.match(printed, /CONCURRENCY +3 +\.env\n/);
  assert.match(printed, /LOG_LEVEL +warning +flag\n/);
  assert.match(printed, /KAFKA_SASL_PASSWORD +\*+ +environment\n/);
  assert.match(printed, /DLQ_TOPIC +\(<topic>\.dlq\) +default\n/);
  assert.match(printed, /Unknown variables, not used\n {2}KAFKA_BOOTSTRAP_SERVERS$/);
  assert.ok(!/hunter2|elsewhere/.test(printed));
  for (const name of SETTING_NAMES) assert.ok(printed.includes(`  ${name} `), name);
});
