/** Reads what others append to a file, a whole line at a time, and each line once. */

const CHUNK_BYTES = 1024 * 1024;

export class FileTail {
  readonly #path: string;
  readonly #decoder = new TextDecoder();
  #position = 0;
  #rest = "";

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines that were added since the last call. A file that is not there yet has none. */
  async read(): Promise<readonly string[]> {
    using file = await openIfThere(this.#path);
    if (file === null) return [];
    await file.seek(this.#position, Deno.SeekMode.Start);
    const lines: string[] = [];
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let count = await file.read(chunk); count !== null; count = await file.read(chunk)) {
      this.#position += count;
      this.#rest += this.#decoder.decode(chunk.subarray(0, count), { stream: true });
      const parts = this.#rest.split("\n");
      this.#rest = parts.pop() ?? "";
      for (const line of parts) lines.push(line);
    }
    return lines;
  }
}

async function openIfThere(path: string): Promise<Deno.FsFile | null> {
  try {
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
