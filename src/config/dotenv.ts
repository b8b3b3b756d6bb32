/**
 * Reads a `.env` file: `NAME=value` a line, optional `export`, comments, single and double quotes. Nothing is
 * expanded: `$` stands for itself, as passwords hold it. What does not fit is an error that names the line.
 */

/** Lines of a `.env` file that cannot be read. */
export class DotenvError extends Error {
  override readonly name = "DotenvError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("; "));
    this.problems = problems;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
};

/**
 * The variables of the file; of a name given twice the last counts.
 *
 * @throws DotenvError with one problem a line, without the values
 */
export function parseDotenv(content: string): Record<string, string> {
  const lines = content.replace(/^\ufeff/, "").split(/\r\n|\n|\r/);
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const match = /^(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*(.*)$/.exec(trimmed);
    const [, name, rest] = match ?? [];
    const value = rest === undefined ? null : parseValue(rest);
    if (name === undefined || value === null) {
      problems.push(
        `line ${index + 1}: ${name === undefined ? "expected NAME=value" : BAD_QUOTES}`,
      );
    } else {
      variables[name] = value;
    }
  }
  if (problems.length > 0) throw new DotenvError(problems);
  return variables;
}

const BAD_QUOTES = "expected the closing quote at the end of the line";

/** Null when a quote is not closed, or something but a comment follows it. */
function parseValue(rest: string): string | null {
  if (rest.startsWith("'")) return /^'([^']*)'\s*(?:#.*)?$/.exec(rest)?.[1] ?? null;
  if (rest.startsWith('"')) {
    const quoted = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*)?$/.exec(rest)?.[1];
    return quoted?.replace(/\\(.)/g, (whole, letter) => ESCAPES[letter] ?? whole) ?? null;
  }
  // Not by replacing /\s+#.*$/: that tries every place in a run of blanks, and the time grows with its square.
  const comment = rest.search(/(?:^|\s)#/);
  return (comment < 0 ? rest : rest.slice(0, comment)).trimEnd();
}
