/**
 * This machine's clock against the brokers'. Asked for exactly where the user may DESCRIBE the cluster, as only the
 * controllers' quorum tells the time; else a message from the future still gives it away.
 */
import { ERROR_CODE } from "../kafka/error_codes.ts";
import { quorumTime } from "../kafka/inspection_requests.ts";
import { ask, type ClusterView, type Examination } from "./examination.ts";
import type { Sample } from "./messages.ts";
import type { Result } from "./result.ts";
import { durationText } from "./text.ts";

const WARN_FROM_MS = 10_000;
/** Certificates and logs are off by then; from an hour on brokers refuse dead letters (message.timestamp.after.max.ms). */
const FAIL_FROM_MS = 600_000;

const CHECK = { section: "This machine", name: "clock" } as const;

export async function checkClock(
  examination: Examination,
  { view, samples }: { readonly view: ClusterView; readonly samples: Promise<readonly Sample[]> },
): Promise<readonly Result[]> {
  const { verdicts } = examination;
  const asked = await askController(examination, view);
  if (asked !== null) return [judge(examination, asked.aheadMs, asked.precisionMs)];
  const newest = (await samples).flatMap(({ messages }) => messages)
    .reduce((latest, { timestamp }) => Math.max(latest, timestamp), -Infinity);
  const aheadMs = examination.clock.wallTime() - newest;
  if (aheadMs < -WARN_FROM_MS) {
    const detail = `A message is from ${durationText(-aheadMs)} in the future, by this clock`;
    return [verdicts.found(CHECK, "clock_off", { detail, status: "warning" })];
  }
  const text = "No message is from the future; more is told to users who may DESCRIBE the cluster";
  return [verdicts.skipped(CHECK, text)];
}

/** Null when the time is not told. */
async function askController(
  examination: Examination,
  view: ClusterView,
): Promise<{ readonly aheadMs: number; readonly precisionMs: number } | null> {
  const { clock } = examination;
  const tell = async () => {
    const before = clock.wallTime();
    const { errorCode, timeMs } = await ask(examination, view.from, quorumTime());
    const halfMs = (clock.wallTime() - before) / 2;
    if (errorCode !== ERROR_CODE.NONE || timeMs === null) return null;
    return { aheadMs: before + halfMs - timeMs, precisionMs: halfMs };
  };
  // The first answer may come with the connection; the second one is the more exact.
  return await tell().then((first) => first === null ? null : tell()).catch(() => null);
}

function judge({ verdicts }: Examination, aheadMs: number, precisionMs: number): Result {
  const offMs = Math.abs(aheadMs);
  if (offMs < WARN_FROM_MS) {
    const most = durationText(Math.max(1, offMs + precisionMs));
    return verdicts.ok(CHECK, `within ${most} of the controller's`);
  }
  const detail = `This machine is ${durationText(offMs)} ${aheadMs > 0 ? "ahead of" : "behind"} ` +
    "the brokers' controller";
  const status = offMs < FAIL_FROM_MS ? "warning" : "failed";
  return verdicts.found(CHECK, "clock_off", { detail, status });
}
