/** `dead-letters list`: how many there are, by cause, code, topic and age. */
import { type ReadingReport, readLetters } from "../../dead_letters/reading.ts";
import { AGES, LettersCount, type LettersSummary } from "../../dead_letters/summary.ts";
import { counted, plain } from "../../doctor/text.ts";
import type { LetterCause } from "../../ops/http/dead_letters.ts";
import { type CommandContext, EXIT } from "../command.ts";
import { filterOf, type Session, withDeadLetters } from "./session.ts";
import type { ListFlags } from "./specs.ts";
import { agoText, clipped, isoText, number, placeText, sparkline, table } from "./table.ts";

/** What `list` found out. */
interface Listing extends Pick<Session, "topics" | "settledUnknown"> {
  readonly now: number;
  readonly summary: LettersSummary;
  readonly rest: ReadingReport;
}

const CAUSES_SHOWN = 50;
const NAMES_SHOWN = 10;
const REASON_MAX = 120;

export async function run(
  { config, flags, print, version }: CommandContext<ListFlags>,
): Promise<number> {
  return await withDeadLetters(config, {
    isQuiet: flags.json,
    work: async (session) => {
      const listing = await count(session, flags);
      print(flags.json ? listingJson(listing, version) : listingText(listing));
      return EXIT.OK;
    },
  });
}

async function count(session: Session, flags: ListFlags): Promise<Listing> {
  const { topics, settledUnknown } = session;
  const now = session.clock.wallTime();
  const letters = new LettersCount(now);
  const reading = readLetters({ ...session, filter: filterOf(flags, now) });
  for (;;) {
    const page = await reading.next();
    if (page.done) {
      return { topics, settledUnknown, now, summary: letters.summary(), rest: page.value };
    }
    for (const letter of page.value) letters.add(letter);
  }
}

function listingText(listing: Listing): string {
  const { summary, topics, rest } = listing;
  const title = `Dead letters in ${topics.join(", ")}: ${number(summary.count)} to deal with`;
  return [
    [title, ...besidesText(rest)].join(", "),
    ...(summary.count === 0 ? [] : [
      "",
      ...causeLines(listing),
      ...section("By code", summary.byCode),
      ...section("By topic they were in", summary.byTopic),
      ...ageLines(summary),
      ...section("Cannot be redriven", summary.byObstacle),
      ...nextSteps(summary),
    ]),
    ...notes(listing),
  ].join("\n");
}

function besidesText({ settled, filtered }: ReadingReport): readonly string[] {
  return [
    ...(settled === 0 ? [] : [`${number(settled)} dealt with`]),
    ...(filtered === 0 ? [] : [`${number(filtered)} left out by the filter`]),
  ];
}

function causeLines({ summary, now }: Listing): readonly string[] {
  const shown = summary.causes.slice(0, CAUSES_SHOWN);
  const lines = table([
    { title: "FINGERPRINT" },
    { title: "LETTERS", align: "right" },
    { title: "LAST 24 HOURS" },
    { title: "FIRST SEEN", align: "right" },
    { title: "LAST SEEN", align: "right" },
    { title: "WHY" },
  ], shown.map((cause) => causeRow(cause, now)));
  const more = summary.causes.length - shown.length;
  return more > 0 ? [...lines, `  and ${counted(more, "cause")} more: --json has all`] : lines;
}

function causeRow(cause: LetterCause, now: number): readonly string[] {
  const { stage, code, reason, replays } = cause;
  const why = [stage, code].filter((part) => part !== null).join(" ");
  const details = [
    ...(replays > 0 ? [`redriven up to ${counted(replays, "time")} in vain`] : []),
    ...(reason === null ? [] : [clipped(plain(reason), REASON_MAX)]),
  ].join("; ");
  return [
    plain(cause.fingerprint ?? "unknown"),
    number(cause.count),
    sparkline(cause.trend),
    agoText(cause.firstAt, now),
    agoText(cause.lastAt, now),
    plain(details === "" ? why : why === "" ? details : `${why}: ${details}`),
  ];
}

function section(title: string, counts: ReadonlyMap<string, number>): readonly string[] {
  if (counts.size === 0) return [];
  const entries = [...counts].slice(0, NAMES_SHOWN).map((
    [name, count],
  ) => [number(count), plain(name)]);
  const more = counts.size - entries.length;
  return [
    "",
    title,
    ...aligned(entries),
    ...(more > 0 ? [`  and ${number(more)} more: --json has all`] : []),
  ];
}

const AGE_TEXT = {
  hour: "in the last hour",
  day: "in the last day, before that",
  week: "in the last week, before that",
  older: "longer ago",
  unknown: "nobody knows when",
} as const;

function ageLines({ byAge }: LettersSummary): readonly string[] {
  const known = AGES.filter((age) => byAge.has(age));
  return [
    "",
    "By age",
    ...aligned(known.map((age) => [number(byAge.get(age) ?? 0), AGE_TEXT[age]])),
  ];
}

function aligned(entries: readonly (readonly string[])[]): readonly string[] {
  const width = Math.max(...entries.map(([count = ""]) => count.length));
  return entries.map(([count = "", name]) => `  ${count.padStart(width)}  ${name}`);
}

function nextSteps({ causes }: LettersSummary): readonly string[] {
  const [first] = causes;
  const sample = first?.samples.at(-1);
  if (first === undefined || sample === undefined) return [];
  const only = first.fingerprint === null ? "" : ` --fingerprint ${plain(first.fingerprint)}`;
  return [
    "",
    `Look at one:        dead-letters show '${placeText(sample)}'`,
    `Would they pass?    dead-letters rehearse${only}`,
    `Process them again: dead-letters redrive${only} --dry-run`,
  ];
}

function notes({ rest, settledUnknown }: Listing): readonly string[] {
  return [
    ...(settledUnknown === null ? [] : [
      "",
      `Those that were dealt with are counted, too, nobody says which they are: ${settledUnknown}`,
    ]),
    ...rest.unreadable.map((each) => `\nA batch was left out, it cannot be read: ${each}`),
  ];
}

function listingJson({ topics, summary, rest, settledUnknown }: Listing, version: string): string {
  const listing = {
    version,
    topics,
    count: summary.count,
    dealt_with: settledUnknown === null ? rest.settled : null,
    filtered_out: rest.filtered,
    causes: summary.causes.map((cause) => ({
      fingerprint: cause.fingerprint,
      stage: cause.stage,
      code: cause.code,
      reason: cause.reason,
      count: cause.count,
      first_at: isoText(cause.firstAt),
      last_at: isoText(cause.lastAt),
      replays: cause.replays,
      last_24_hours: cause.trend,
      samples: cause.samples,
    })),
    by_code: Object.fromEntries(summary.byCode),
    by_topic: Object.fromEntries(summary.byTopic),
    by_age: Object.fromEntries(AGES.map((age) => [age, summary.byAge.get(age) ?? 0])),
    cannot_be_redriven: Object.fromEntries(summary.byObstacle),
    unreadable_batches: rest.unreadable,
  };
  return JSON.stringify(listing, null, 2);
}
