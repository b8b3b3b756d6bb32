/**
 * Cases that fuzzing found, or that are worth trying at every run: one file a target, `#` and why, then the value in
 * base64, a line each.
 */

export interface CorpusCase {
  readonly why: string;
  readonly input: Uint8Array;
}

/** Nothing where the target has no file. */
export async function readCorpus(target: string): Promise<readonly CorpusCase[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(new URL(`./corpus/${target}.txt`, import.meta.url));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  const cases: CorpusCase[] = [];
  let why = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) why = line.slice(1).trim();
    else if (line !== "") cases.push({ why, input: Uint8Array.fromBase64(line) });
  }
  return cases;
}
