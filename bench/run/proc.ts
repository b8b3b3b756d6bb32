/** What Linux says about a process, and about the machine. */

/** The unit of times in /proc, which Linux fixes for programs (sysconf(_SC_CLK_TCK)). */
const TICKS_A_SECOND = 100;

/** User and system time of all threads so far, in seconds. */
export async function processCpu(pid: number): Promise<number> {
  return parseCpu(await Deno.readTextFile(`/proc/${pid}/stat`));
}

/** The most memory that the process has had resident. */
export async function peakRssBytes(pid: number): Promise<number> {
  return parsePeakRss(await Deno.readTextFile(`/proc/${pid}/status`));
}

/** The fields 14 and 15 of `stat`; the name in field 2 may hold blanks and brackets. */
export function parseCpu(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) / TICKS_A_SECOND;
}

/** VmHWM of `status`. */
export function parsePeakRss(status: string): number {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1];
  if (kilobytes === undefined) throw new Error("No VmHWM in the status of the process");
  return Number(kilobytes) * 1024;
}

/** Why nothing can be measured here, as a phrase; null when it can. */
export function measuringMissing(): string | null {
  return Deno.build.os === "linux" ? null : `/proc is needed, which ${Deno.build.os} does not have`;
}
