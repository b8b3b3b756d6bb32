/** `dead-letters redrive` and `dead-letters park`: says what would happen, asks, does it, and says what came of it. */
import { findOccupant, occupantText } from "../../dead_letters/occupant.ts";
import { parkedTopicFor } from "../../dead_letters/parking.ts";
import { redriveGroup } from "../../dead_letters/redrive_group.ts";
import type { FullMarks } from "../../dead_letters/selection.ts";
import { counted } from "../../doctor/text.ts";
import { createHandlers } from "../../handlers/mod.ts";
import { createLogging } from "../../ops/logger.ts";
import { systemClock } from "../../ops/system_clock.ts";
import type { Logger } from "../../processing/message.ts";
import {
  occupiedError,
  Redrive,
  type RedriveOptions,
  type RedriveProgress,
  type RedriveReport,
} from "../../redrive.ts";
import { type CommandContext, EXIT, ExitError } from "../command.ts";
import { exitOnUncaught, listenForSignals } from "../host.ts";
import { Progress } from "../progress.ts";
import { makePlan, type Plan, planJson, planned, planText } from "./plan.ts";
import { filterOf, type Session, withDeadLetters } from "./session.ts";
import type { ActionFlags } from "./specs.ts";
import { number } from "./table.ts";

type Context = CommandContext<ActionFlags>;
type What = RedriveOptions["what"];

const SHOW_MS = 200;
const LOG_MS = 10_000;
const CLOSE_MS = 1_000;

/** `handlersFor` is another set of handlers than the service's own, for tests. */
export function redrive(
  context: Context,
  handlersFor: typeof createHandlers = createHandlers,
): Promise<number> {
  return run("redrive", { context, handlersFor });
}

export function park(context: Context): Promise<number> {
  return run("park", { context, handlersFor: createHandlers });
}

interface RunOptions {
  readonly context: Context;
  readonly handlersFor: typeof createHandlers;
}

async function run(what: What, { context, handlersFor }: RunOptions): Promise<number> {
  const { config, flags, print } = context;
  const mayAsk = Deno.stdin.isTerminal() && Deno.stderr.isTerminal();
  if (!flags.yes && !flags.dryRun && !mayAsk) throw new ExitError(EXIT.USAGE, CANNOT_ASK);
  const handlers = handlersFor({ environment: config.environment });
  const filter = filterOf(flags, systemClock.wallTime());
  const plan = await withDeadLetters(config, {
    isQuiet: flags.json,
    work: async (session) => {
      const plan = await makePlan(session, { what, config, filter, handlers, limit: flags.count });
      if (!flags.dryRun) await refuseIfOccupied(session, context);
      return plan;
    },
  });
  if (!flags.json) print(planText(plan));
  const isNothing = planned(plan) === 0;
  if (flags.dryRun || isNothing) {
    if (flags.json) print(JSON.stringify({ ...headOf(context, plan), ending: null }, null, 2));
    return EXIT.OK;
  }
  if (!flags.yes && !ask(plan)) {
    print("Nothing was done");
    return EXIT.OK;
  }
  const options = { config, handlers, what, filter, count: flags.count, rate: flags.rate };
  const report = await drive(options, { context, plan });
  const exitCode = exitCodeOf(report);
  const json = () => ({ ...headOf(context, plan), ...reportJson(report), exit_code: exitCode });
  print(flags.json ? JSON.stringify(json(), null, 2) : reportText(plan, report));
  return exitCode;
}

const CANNOT_ASK =
  "Add --yes to go ahead, or --dry-run to see what would happen: there is no terminal to ask on";

/** Before somebody reads a plan that cannot be carried out; the brokers see to it that it holds. */
async function refuseIfOccupied(
  { caller, metadata }: Session,
  { config }: Context,
): Promise<void> {
  const { requestTimeoutMs } = config;
  const occupant = await findOccupant(
    { caller, brokers: metadata.brokers, requestTimeoutMs },
    redriveGroup(config),
  );
  if (occupant !== null) throw occupiedError(config, occupantText(occupant));
}

function ask(plan: Plan): boolean {
  const verb = plan.what === "park" ? "Park" : "Redrive";
  const letters = counted(planned(plan), "dead letter");
  Deno.stderr.writeSync(new TextEncoder().encode(`${verb} ${letters}? [y/N] `));
  const room = new Uint8Array(1_024);
  const length = Deno.stdin.readSync(room) ?? 0;
  return /^\s*y(es)?\s*$/i.test(new TextDecoder().decode(room.subarray(0, length)));
}

/** From the first log line to the last. */
async function drive(
  options: Omit<RedriveOptions, "clock" | "logger" | "version">,
  { context, plan }: { readonly context: Context; readonly plan: Plan },
): Promise<RedriveReport> {
  const { config, flags, version } = context;
  const clock = systemClock;
  const isShown = Deno.stderr.isTerminal() && !flags.json;
  const logging = createLogging({
    level: isShown && config.logLevel === "info" ? "warning" : config.logLevel,
    format: config.logFormat,
    output: flags.json ? Deno.stderr : Deno.stdout,
    clock,
    repeatsMax: config.logRepeatsMax,
    serviceVersion: version,
    environment: config.environment,
  });
  const { logger } = logging;
  const redrive = new Redrive({ ...options, clock, logger, version });
  const signals = listenForSignals(logging, { onSnapshot: () => logProgress(redrive, logger) });
  signals.stopped.addEventListener("abort", () => redrive.stop(), { once: true });
  const unwatch = exitOnUncaught(logging);
  const progress = new Progress(clock, isShown);
  const show = setInterval(() => progress.show(progressText(redrive.progress, plan)), SHOW_MS);
  const log = setInterval(() => logProgress(redrive, logger), LOG_MS);
  try {
    return await redrive.run();
  } finally {
    clearInterval(show);
    clearInterval(log);
    progress.clear();
    signals.close();
    unwatch();
    await logging.close(CLOSE_MS);
  }
}

function logProgress({ progress }: Redrive, logger: Logger): void {
  logger.info("Redriving dead letters", { ...progress });
}

function progressText(progress: RedriveProgress, plan: Plan): string {
  const { taken, state } = progress;
  if (state === "starting") return "Joining the group of redrives";
  const verb = plan.what === "park" ? "Parking" : "Redriving";
  const ending = state === "stopping" ? ", stopping" : ", Ctrl-C stops in order";
  return `${verb}: ${number(taken)} of ${number(planned(plan))} begun, ${
    outcomes(progress)
  }${ending}`;
}

function outcomes({ processed, skipped, returned, parked }: RedriveProgress): string {
  const parts = [
    [processed, "processed"],
    [skipped, "without a value"],
    [returned, "failed again"],
    [parked, "parked"],
  ] as const;
  const there = parts.filter(([count]) => count > 0);
  return there.length === 0
    ? "none done"
    : there.map(([count, what]) => `${number(count)} ${what}`).join(", ");
}

function reportText({ what, topics }: Plan, report: RedriveReport): string {
  const verb = what === "park" ? "Parked" : "Redrove";
  const { ending, returned, parked, taken } = report;
  const done = counted(taken, "dead letter");
  const isAllParked = what === "park" && parked === taken;
  return [
    `${verb} ${done} of ${topics.join(", ")}${isAllParked ? "" : `: ${outcomes(report)}`}`,
    ...(returned === 0 ? [] : ["What failed again lies in the dead-letter topic anew, with why"]),
    ...(parked === 0 ? [] : [`What is parked lies in ${topics.map(parkedTopicFor).join(", ")}`]),
    ...(ending === "count" ? ["--count is reached: the same command goes on with the next"] : []),
    ...(ending === "stopped" ? ["It was stopped: the same command goes on with the rest"] : []),
    ...(ending === "uncommitted"
      ? ["The last commit was not acknowledged: what was done last may be done again"]
      : []),
    ...report.full.map(fullText),
  ].join("\n");
}

/** What to do where no mark of a partition fits any more. */
function fullText({ topic, partition, at, from }: FullMarks): string {
  const place = `${topic}[${partition}]`;
  return `The marks of ${place} are full: nothing from offset ${at} on was begun, and nothing that was done is forgotten. ` +
    `Too many letters that are left lie between those that are done. Redrive or park those from ${place}@${from} on ` +
    "without a filter, or with one that fits most of them, then run this again";
}

function exitCodeOf({ ending, abandoned }: RedriveReport) {
  const isDone = ending === "all" || ending === "count";
  return isDone && abandoned === 0 ? EXIT.OK : EXIT.INCOMPLETE;
}

function headOf({ version }: Context, plan: Plan) {
  return { version, command: plan.what, topics: plan.topics, plan: planJson(plan) };
}

function reportJson({ state: _, full, ...report }: RedriveReport) {
  return { ...report, full_marks: full };
}
