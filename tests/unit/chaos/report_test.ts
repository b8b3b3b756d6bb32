import assert from "node:assert/strict";
import type { Fault } from "../../chaos/bench_options.ts";
import { Ledger } from "../../chaos/ledger.ts";
import { assertGood, type Report, reportOf } from "../../chaos/report.ts";
import { parseResult, resultOf, resultSummary, resultTable } from "../../chaos/results.ts";
import { ProcessWatch } from "../../support/process_watch.ts";

const TOPIC = "events";
const FAULT: Fault = { name: "fault", victims: ["p1"], from: 1_000, to: 5_000 };
/** One message each 10 ms from 0 on, done 5 ms later by p1. */
const COUNT = 600;

interface MadeUp {
  /** Offsets that the producer was not told. */
  readonly untold?: readonly number[];
  /** Offset -> done again at that time. */
  readonly again?: readonly (readonly [offset: number, at: number])[];
  /** Offsets that are done so much later. */
  readonly later?: (offset: number) => number;
  /** Lines of the observer beside a last commit. */
  readonly observed?: readonly string[];
}

Deno.test("reportOf() finds nothing in a run that kept its promises", async () => {
  const report = await judged({}, [FAULT]);
  assert.deepEqual([report.violations, report.late], [[], []]);
  assert.deepEqual([report.acknowledged, report.faults.length], [COUNT, 1]);
});

Deno.test("reportOf() finds what was acknowledged without an offset where a handler did", async () => {
  const report = await judged({ untold: [7, COUNT - 1] }, [FAULT]);
  assert.deepEqual([report.violations, report.verdict.excused], [[], 0]);
});

Deno.test("reportOf() takes a repeat for a violation where the fault allows none", async () => {
  const report = await judged({ again: [[3, 1_500]] }, [FAULT]);
  assert.deepEqual(report.violations, ["fault: 1 done again, bound 0"]);
});

Deno.test("reportOf() takes a repeat for a violation before any fault", async () => {
  const report = await judged({ again: [[3, 900]] }, [FAULT]);
  assert.deepEqual(report.violations, ["without any fault: 1 done again"]);
});

Deno.test("reportOf() allows a thousandth over all orderly faults", async () => {
  const graceful = { ...FAULT, repeats: "graceful" } as const;
  const again = [[3, 1_500]] as const;
  const [text] = (await judged({ again }, [graceful])).violations;
  assert.match(text ?? "", /orderly way: 1 done again, bound 0.6/);
});

Deno.test("reportOf() allows what was in flight and done in a commit interval after an abrupt fault", async () => {
  const abrupt = { ...FAULT, repeats: "abrupt" } as const;
  const repeats = (count: number) =>
    Array.from({ length: count }, (_, at) => [at, 4_000 + 20 * at] as const);
  const report = await judged({ again: repeats(50) }, [abrupt]);
  assert.deepEqual(report.violations, []);
  const bound = report.faults[0]?.duplicateBound ?? 0;
  assert.ok(bound > 64 + 95 && bound < 64 + 175, String(bound));
  const more = repeats(bound + 1).map(([offset]) => [offset, 900] as const);
  const early = { ...abrupt, from: 800, to: 850 };
  assert.equal((await judged({ again: more }, [early])).violations.length, 1);
});

Deno.test("reportOf() finds a partition that stood still for too long", async () => {
  const bounded = { ...FAULT, stallBoundMs: 1_000 };
  const later = (offset: number) => offset >= 150 && offset < 350 ? 3_500 - 10 * offset : 5;
  const report = await judged({ later }, [bounded]);
  assert.equal(report.late.length, 1);
  assert.throws(() => assertGood(report), /stood still for 20\d\d ms, bound 1000 ms/);
  assertGood(report, 3);
});

Deno.test("reportOf() finds commits that go back, but where the log may", async () => {
  const observed = [commit(100, 2_000), commit(90, 2_100)];
  const [text] = (await judged({ observed }, [FAULT])).violations;
  assert.equal(text, "commitRegresses: 1");
});

Deno.test("reportOf() finds a process that ended by itself, and what nobody took care of", async () => {
  const ended = [{
    process: "p1",
    exit: { code: 70, signal: null },
    wasAsked: false,
    lines: ["why"],
    joins: 1,
  }];
  const unhandled = ["error: Uncaught"];
  const report = await judged({}, [FAULT], { ended, unhandled });
  assert.deepEqual(report.violations, [
    "p1 ended by itself with exit code 70:\n  why",
    "error: Uncaught",
  ]);
});

Deno.test("resultTable() shows the worst of each row with its bound", async () => {
  const abrupt = { ...FAULT, repeats: "abrupt", stallBoundMs: 100 } as const;
  const report = await judged({ again: [[3, 1_500]] }, [abrupt]);
  const result = resultOf({ fault: "a fault", expected: "nothing" }, report);
  assert.deepEqual(parseResult(JSON.stringify(result)), result);
  const lines = resultTable([result]).split("\n");
  assert.equal(lines.length, 3);
  assert.match(
    lines[2] ?? "",
    /^\| a fault: nothing \| 1 \| 600 \| 0 \| 0 \| 0 \| 0 \| 0 \| 1, 1 \(\d+\) \| 0\.0 s \(0\.1 s\) \| .* \| kept \|$/,
  );
  assert.match(resultSummary([result]), /^1 rows, .*: 600 acknowledged, 0 lost, 1 done again/);
});

/** Writes the history down as the witnesses do, and judges it. */
async function judged(
  { untold = [], again = [], later = () => 5, observed = [] }: MadeUp,
  faults: readonly Fault[],
  parts: Partial<Parameters<typeof reportOf>[0]> = {},
): Promise<Report> {
  const directory = await Deno.makeTempDir({ prefix: "report-" });
  try {
    const offsets = Array.from({ length: COUNT }, (_, offset) => offset);
    const sent = offsets.map((offset) => {
      const at = 10 * offset;
      const told = untold.includes(offset) ? NaN : offset;
      return `valid\t0\t${told}\tkey-${offset}\tid-${offset}\thash\t${at}\t${at}`;
    });
    const handled = offsets.flatMap((offset) => {
      const done = 10 * offset + later(offset);
      return [line("start", offset, done), line("done", offset, done)];
    });
    const repeated = again.flatMap(([offset, at]) => [
      line("start", offset, at),
      line("done", offset, at),
    ]);
    await write(`${directory}/load`, sent);
    await write(`${directory}/p1`, [...handled, ...repeated]);
    await write(`${directory}/observer`, [...observed, commit(COUNT, 10 * COUNT)]);
    const ledger = new Ledger({ topic: TOPIC, observer: `${directory}/observer` });
    ledger.addLoad(`${directory}/load`);
    ledger.addProcess({ process: "p1", path: `${directory}/p1` });
    await ledger.read();
    return reportOf({
      ledger,
      topic: TOPIC,
      processes: 1,
      mayGoBack: false,
      faults,
      ended: [],
      unhandled: [],
      problems: [],
      watch: new ProcessWatch(),
      startedAt: 0,
      endedAt: 10 * COUNT,
      ...parts,
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function line(kind: "start" | "done", offset: number, at: number): string {
  return `${kind}\t${TOPIC}\t0\t${offset}\tid-${offset}\t${at}\thash`;
}

function commit(offset: number, at: number): string {
  return `commit\t${TOPIC}\t0\t${offset}\t${at}`;
}

async function write(path: string, lines: readonly string[]): Promise<void> {
  await Deno.writeTextFile(path, lines.map((each) => `${each}\n`).join(""));
}
