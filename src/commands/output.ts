/** What commands print: every byte of it, or an error that says so. Nobody takes a cut-off report for a whole one. */
import { EXIT, ExitError } from "./command.ts";

/** Standard output or standard error, as far as they are needed here. */
export interface Output {
  writeSync(bytes: Uint8Array): number;
}

/** Prints lines on standard output. @throws ExitError 74 when they cannot be written, from the function that it answers */
export function printerTo(output: Output): (text: string) => void {
  return (text) => {
    try {
      write(output, text);
    } catch (error) {
      throw new ExitError(EXIT.IO, explained(error), { cause: error });
    }
  };
}

/** Prints lines on standard error; where that cannot be, there is nobody left to tell. */
export function errorPrinterTo(output: Output): (text: string) => void {
  return (text) => {
    try {
      write(output, text);
    } catch {
      // The exit code tells.
    }
  };
}

const encoder = new TextEncoder();

function write(output: Output, text: string): void {
  let rest = encoder.encode(`${text}\n`);
  while (rest.length > 0) rest = rest.subarray(output.writeSync(rest));
}

function explained(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return error instanceof Deno.errors.BrokenPipe
    ? `Read standard output to its end, what was printed is cut off: ${reason}`
    : `Make room for standard output or send it elsewhere, it cannot be written to: ${reason}`;
}
