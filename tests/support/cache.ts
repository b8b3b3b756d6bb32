/**
 * What tests download once and keep: jars and Python packages, under the user's cache directory. An entry is
 * built beside its place and moved there when it is whole, so that a broken download is never taken for one.
 */

/** Where all entries live: `$XDG_CACHE_HOME/processing-service`, else `~/.cache/processing-service`. */
export function cacheDirectory(): string {
  const home = Deno.env.get("HOME") ?? Deno.env.get("USERPROFILE");
  const base = Deno.env.get("XDG_CACHE_HOME") || (home && `${home}/.cache`);
  if (!base) throw new Error("Cannot tell where the cache is: set HOME or XDG_CACHE_HOME");
  return `${base}/processing-service`;
}

/** The directory of the entry `name`; `build` fills it if it is not there yet. Two builders at once are fine. */
export async function cached(
  name: string,
  build: (directory: string) => Promise<void>,
): Promise<string> {
  const place = `${cacheDirectory()}/${name}`;
  if (await isDirectory(place)) return place;
  const parent = place.slice(0, place.lastIndexOf("/"));
  await Deno.mkdir(parent, { recursive: true });
  const draft = await Deno.makeTempDir({ dir: parent, prefix: ".draft-" });
  try {
    await build(draft);
    await moveUnlessThere(draft, place);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(ignoreNotFound);
  }
  return place;
}

async function moveUnlessThere(draft: string, place: string): Promise<void> {
  try {
    await Deno.rename(draft, place);
  } catch (error) {
    // Another process was faster: rename refuses a directory that is not empty.
    if (!(await isDirectory(place))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isDirectory;
  } catch (error) {
    ignoreNotFound(error);
    return false;
  }
}

function ignoreNotFound(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
