/** SHA-256 sums of files, in the form that `sha256sum -c` reads. */

export const SUMS_FILE = "SHA256SUMS";

/** Writes SHA256SUMS of these files of `directory` into it. */
export async function writeSums(directory: string, names: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of [...names].sort()) {
    lines.push(`${await sha256(`${directory}/${name}`)}  ${name}\n`);
  }
  await Deno.writeTextFile(`${directory}/${SUMS_FILE}`, lines.join(""));
}

/** In hexadecimal. */
export async function sha256(path: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(path));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
