/** `dead-letters rehearse`: which of them would pass today. */
import { type ReadingReport, readLetters } from "../../dead_letters/reading.ts";
import {
  type CauseProspects,
  type ExpectedFailure,
  Rehearsal,
  type RehearsalReport,
} from "../../dead_letters/rehearsal.ts";
import { counted, plain } from "../../doctor/text.ts";
import { createHandlers } from "../../handlers/mod.ts";
import { type CommandContext, EXIT } from "../command.ts";
import { filterOf, type Session, withDeadLetters } from "./session.ts";
import type { RehearseFlags } from "./specs.ts";
import { clipped, number, placeText, table } from "./table.ts";

interface Rehearsed extends Pick<Session, "topics" | "settledUnknown"> {
  readonly report: RehearsalReport;
  readonly rest: ReadingReport;
}

const ROWS_SHOWN = 50;
const REASON_MAX = 120;

/** `handlersFor` is another set of handlers than the service's own, for tests. */
export async function run(
  { config, flags, print, version }: CommandContext<RehearseFlags>,
  handlersFor: typeof createHandlers = createHandlers,
): Promise<number> {
  const handlers = handlersFor({ environment: config.environment });
  return await withDeadLetters(config, {
    isQuiet: flags.json,
    work: async (session) => {
      const { handlerTimeoutMs } = config;
      const rehearsal = new Rehearsal({ clock: session.clock, handlers, handlerTimeoutMs });
      const rehearsed = await rehearse(session, { rehearsal, flags });
      print(flags.json ? rehearsedJson(rehearsed, version) : rehearsedText(rehearsed));
      return EXIT.OK;
    },
  });
}

async function rehearse(
  session: Session,
  { rehearsal, flags }: { readonly rehearsal: Rehearsal; readonly flags: RehearseFlags },
): Promise<Rehearsed> {
  const { topics, settledUnknown } = session;
  const filter = filterOf(flags, session.clock.wallTime());
  const reading = readLetters({ ...session, filter });
  for (;;) {
    const page = await reading.next();
    if (page.done) return { topics, settledUnknown, report: rehearsal.report(), rest: page.value };
    await rehearsal.add(page.value);
  }
}

function rehearsedText({ topics, report, rest, settledUnknown }: Rehearsed): string {
  const { count, prospects, causes, failures } = report;
  const where = topics.join(", ");
  const title = `Rehearsed ${counted(count, "dead letter")} of ${where}; nothing was changed`;
  if (count === 0) return title;
  return [
    title,
    "",
    ...causeLines(causes),
    "",
    `${number(prospects.passes)} would pass, ${number(prospects.fails)} would fail again`,
    ...(prospects.valid === 0 ? [] : [
      `${
        number(prospects.valid)
      } fit the schema; their handlers are not dryRunnable, so only a redrive can tell`,
    ]),
    ...(prospects.never === 0
      ? []
      : [`${number(prospects.never)} can never be redriven: there is no message in them`]),
    ...failureLines(failures),
    ...(settledUnknown === null ? [] : [
      "",
      `Those that were dealt with are among them, nobody says which they are: ${settledUnknown}`,
    ]),
    ...rest.unreadable.map((each) => `\nA batch was left out, it cannot be read: ${each}`),
  ].join("\n");
}

function causeLines(causes: readonly CauseProspects[]): readonly string[] {
  const shown = causes.slice(0, ROWS_SHOWN);
  const lines = table(
    [
      { title: "FINGERPRINT" },
      { title: "LETTERS", align: "right" },
      { title: "WOULD PASS", align: "right" },
      { title: "VALID", align: "right" },
      { title: "WOULD FAIL", align: "right" },
      { title: "NEVER", align: "right" },
      { title: "FAILED WITH" },
    ],
    shown.map(({ fingerprint, count, prospects: { passes, valid, fails, never }, stage, code }) => [
      plain(fingerprint ?? "unknown"),
      ...[count, passes, valid, fails, never].map(number),
      plain([stage, code].filter((part) => part !== null).join(" ")),
    ]),
  );
  return withMore(lines, causes.length - shown.length);
}

function failureLines(failures: readonly ExpectedFailure[]): readonly string[] {
  if (failures.length === 0) return [];
  const shown = failures.slice(0, ROWS_SHOWN);
  const lines = table(
    [
      { title: "LETTERS", align: "right" },
      { title: "FINGERPRINT" },
      { title: "ONE OF THEM" },
      { title: "WOULD FAIL WITH" },
    ],
    shown.map(({ count, fingerprint, sample, stage, code, reason }) => [
      number(count),
      fingerprint,
      placeText(sample),
      plain(`${stage} ${code}: ${clipped(reason, REASON_MAX)}`),
    ]),
  );
  return ["", ...withMore(lines, failures.length - shown.length)];
}

function withMore(lines: readonly string[], more: number): readonly string[] {
  return more > 0 ? [...lines, `  and ${number(more)} more: --json has all`] : lines;
}

function rehearsedJson(
  { topics, report, rest, settledUnknown }: Rehearsed,
  version: string,
): string {
  const rehearsed = {
    version,
    topics,
    count: report.count,
    prospects: report.prospects,
    causes: report.causes,
    failures: report.failures,
    dealt_with: settledUnknown === null ? rest.settled : null,
    filtered_out: rest.filtered,
    unreadable_batches: rest.unreadable,
  };
  return JSON.stringify(rehearsed, null, 2);
}
