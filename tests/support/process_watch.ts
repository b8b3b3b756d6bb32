/** Looks at processes from outside while they run: resident memory and open files, from /proc. */

/** What a process used at one time. */
export interface ProcessSample {
  readonly at: number;
  readonly rssBytes: number;
  readonly files: number;
}

const PAGE_BYTES = 4096;

export class ProcessWatch {
  readonly #samples = new Map<number, ProcessSample[]>();

  /** Looks once. A process that has just ended is left out. */
  async look(pids: readonly number[]): Promise<void> {
    for (const pid of pids) {
      const sample = await sampleOf(pid);
      if (sample === null) continue;
      const known = this.#samples.get(pid);
      if (known === undefined) this.#samples.set(pid, [sample]);
      else known.push(sample);
    }
  }

  /** The most that any process used. */
  get most(): { readonly rssBytes: number; readonly files: number } {
    const all = [...this.#samples.values()].flat();
    return {
      rssBytes: all.reduce((most, { rssBytes }) => Math.max(most, rssBytes), 0),
      files: all.reduce((most, { files }) => Math.max(most, files), 0),
    };
  }

  /** Of the process that was looked at most often, oldest first. */
  get longest(): readonly ProcessSample[] {
    const all = [...this.#samples.values()];
    return all.reduce((longest, each) => each.length > longest.length ? each : longest, []);
  }
}

/** The slope of the line through the samples, by least squares, in bytes of memory a second; 0 for fewer than two. */
export function rssSlope(samples: readonly ProcessSample[]): number {
  const count = samples.length;
  if (count < 2) return 0;
  const meanAt = samples.reduce((sum, { at }) => sum + at, 0) / count;
  const meanRss = samples.reduce((sum, { rssBytes }) => sum + rssBytes, 0) / count;
  let [above, below] = [0, 0];
  for (const { at, rssBytes } of samples) {
    above += (at - meanAt) * (rssBytes - meanRss);
    below += (at - meanAt) ** 2;
  }
  return below === 0 ? 0 : 1000 * above / below;
}

async function sampleOf(pid: number): Promise<ProcessSample | null> {
  try {
    const [, resident] = (await Deno.readTextFile(`/proc/${pid}/statm`)).split(" ");
    let files = 0;
    for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) files += 1;
    return { at: Date.now(), rssBytes: Number(resident) * PAGE_BYTES, files };
  } catch {
    return null;
  }
}
