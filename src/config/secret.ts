/**
 * Texts that must not be kept around: passwords and keys, and the certificates that change together with them.
 * One from a file is read anew at each use, so that a rotated secret counts from the next connection on.
 */

/** A password, key or certificate. Shows itself to nobody: printed, logged or put into JSON it is `[secret]`. */
export interface Secret {
  /**
   * The text, read from its file where it has one.
   *
   * @throws Error that names the file, when it cannot be read any more or is empty
   */
  read(): string;
}

/** Where the program may read, as tools/permissions.txt says: settings and secrets, and nothing else of a machine. */
export const READABLE_FOLDERS: readonly string[] = [
  "/run/secrets",
  "/var/run/secrets",
  "/etc/processing-service",
  "/etc/ssl",
];

const HIDDEN = "[secret]";

/** A secret whose text `read` supplies. */
export class SuppliedSecret implements Secret {
  readonly #read: () => string;

  constructor(read: () => string) {
    this.#read = read;
  }

  read(): string {
    return this.#read();
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("Deno.customInspect")](): string {
    return HIDDEN;
  }
}

/**
 * The content of a secret's file, without the newline at its end.
 *
 * @throws Error that names variable and file
 */
export function readSecretFile(
  path: string,
  { variable, readFile }: { variable: string; readFile: (path: string) => string },
): string {
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    throw new Error(`${variable}: cannot read ${path}: ${fileProblem(error)}`, { cause: error });
  }
  const text = content.replace(/\r?\n$/, "");
  if (text === "") throw new Error(`${variable}: nothing in ${path}`);
  return text;
}

/** Why a file cannot be read, in words for operators. */
export function fileProblem(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  switch (name) {
    case "NotFound":
      return "no such file";
    case "PermissionDenied":
      return "permission denied";
    case "NotCapable":
      return `outside of the folders that may be read, put it into one of ${
        READABLE_FOLDERS.join(", ")
      }`;
    case "IsADirectory":
      return "it is a directory";
    default:
      return message;
  }
}
