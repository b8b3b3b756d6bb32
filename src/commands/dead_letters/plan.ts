/** What a redrive would do: shown before anything is done. Reads only. */
import { readLetters } from "../../dead_letters/reading.ts";
import { Rehearsal, type RehearsalReport } from "../../dead_letters/rehearsal.ts";
import { counted, plain } from "../../doctor/text.ts";
import type { Handlers } from "../../processing/handler.ts";
import type { Config } from "../../config.ts";
import type { LetterFilter } from "../../dead_letters/filter.ts";
import { parkedTopicFor } from "../../dead_letters/parking.ts";
import type { Session } from "./session.ts";
import { number, table } from "./table.ts";

export interface Plan {
  readonly what: "redrive" | "park";
  readonly topics: readonly string[];
  /** Letters that would be taken, --count left out of account. */
  readonly takes: number;
  /** Of these, --count lets through so many. */
  readonly limit: number | null;
  /** Fit the filter, and can never be redriven. */
  readonly never: number;
  /** Would be parked if they failed once more. */
  readonly lastChances: number;
  readonly filtered: number;
  readonly settled: number;
  /** Null: nobody knows what is settled, and why. */
  readonly settledUnknown: string | null;
  readonly report: RehearsalReport;
}

export interface PlanOptions {
  readonly what: Plan["what"];
  readonly config: Config;
  readonly filter: LetterFilter;
  readonly handlers: Handlers;
  readonly limit: number | null;
}

const ROWS_SHOWN = 20;

export async function makePlan(
  session: Session,
  { what, config, filter, handlers, limit }: PlanOptions,
): Promise<Plan> {
  const { clock, settledUnknown, topics } = session;
  const { handlerTimeoutMs } = config;
  const rehearsal = new Rehearsal({ clock, handlers, handlerTimeoutMs });
  const reading = readLetters({ ...session, filter });
  let [count, never, lastChances] = [0, 0, 0];
  for (;;) {
    const page = await reading.next();
    if (page.done) {
      const takes = what === "park" ? count : count - never;
      const { filtered, settled } = page.value;
      const report = rehearsal.report();
      return {
        what,
        topics,
        takes,
        limit,
        never,
        lastChances,
        filtered,
        settled,
        settledUnknown,
        report,
      };
    }
    for (const { obstacle, replays } of page.value) {
      count += 1;
      if (obstacle !== null) never += 1;
      else if (replays + 1 >= config.dlqMaxReplays) lastChances += 1;
    }
    await rehearsal.add(page.value);
  }
}

/** How many letters would be taken. */
export function planned({ takes, limit }: Plan): number {
  return limit === null ? takes : Math.min(takes, limit);
}

export function planText(plan: Plan): string {
  const { what, takes, limit, topics, report, filtered } = plan;
  const some = limit !== null && limit < takes ? ` of ${number(takes)}` : "";
  const letters = `dead ${takes === 1 ? "letter" : "letters"} of ${topics.join(", ")}`;
  return [
    `Would ${what} ${number(planned(plan))}${some} ${letters}`,
    ...(report.count === 0 ? [] : ["", ...causeLines(plan), ""]),
    ...(what === "park" ? [`They go to ${parkedTopics(plan)}, byte for byte`] : endsText(plan)),
    ...(filtered === 0
      ? []
      : [`${counted(filtered, "letter")} outside the filter ${stay(filtered)}`]),
    ...marksText(plan),
  ].join("\n");
}

/** How those would end that are processed again. */
function endsText(plan: Plan): readonly string[] {
  const { takes, report, lastChances, never } = plan;
  const { passes, valid, fails } = report.prospects;
  return [
    ...(takes === 0 ? [] : [`${number(passes)} would pass, ${number(fails)} would fail again`]),
    ...(valid === 0
      ? []
      : [`${number(valid)} fit the schema; only their handlers can tell whether they pass`]),
    ...(lastChances === 0 ? [] : [
      `${counted(lastChances, "letter")} would be parked in ${
        parkedTopics(plan)
      } on failing once more`,
    ]),
    ...(never === 0 ? [] : [
      `${counted(never, "letter")} that can never be redriven ${
        stay(never)
      }: dead-letters park moves them away`,
    ]),
  ];
}

function stay(count: number): string {
  return count === 1 ? "stays as it is" : "stay as they are";
}

function parkedTopics({ topics }: Plan): string {
  return topics.map(parkedTopicFor).join(", ");
}

/** What is done is known for as long as Kafka keeps what the group committed. */
function marksText({ settled, settledUnknown, report }: Plan): readonly string[] {
  if (settledUnknown !== null) {
    return [
      `Nobody says which were dealt with before, so they may be among these: ${settledUnknown}`,
    ];
  }
  if (settled > 0 || report.count === 0) return [];
  return ["No letter is marked as dealt with"];
}

function causeLines({ report: { causes } }: Plan): readonly string[] {
  const shown = causes.slice(0, ROWS_SHOWN);
  const lines = table(
    [
      { title: "FINGERPRINT" },
      { title: "LETTERS", align: "right" },
      { title: "WOULD FAIL", align: "right" },
      { title: "FAILED WITH" },
    ],
    shown.map(({ fingerprint, count, prospects: { fails, never }, stage, code }) => [
      plain(fingerprint ?? "unknown"),
      number(count),
      number(fails + never),
      plain([stage, code].filter((part) => part !== null).join(" ")),
    ]),
  );
  const more = causes.length - shown.length;
  return more > 0 ? [...lines, `  and ${counted(more, "cause")} more`] : lines;
}

/** For machines. */
export function planJson(plan: Plan): Readonly<Record<string, unknown>> {
  const { takes, never, lastChances, filtered, settled, settledUnknown, report } = plan;
  return {
    planned: planned(plan),
    fits: takes,
    never,
    last_chances: lastChances,
    filtered_out: filtered,
    dealt_with: settledUnknown === null ? settled : null,
    prospects: report.prospects,
    causes: report.causes,
  };
}
