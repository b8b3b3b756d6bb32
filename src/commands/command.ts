/** What a command is: what it is given, what it may be told by flags of its own, and how it ends. */
import type { Config, ConfigRow, LoadedConfig } from "../config.ts";
import type { ValueType } from "../config/values.ts";

export { EXIT, ExitError } from "../ops/exit.ts";

/** A flag that belongs to one command only. */
export interface OwnFlag<T> {
  readonly type: ValueType<T>;
  /** As one would write it. */
  readonly default: string;
  /** One sentence, with the unit, without a period. */
  readonly doc: string;
}

/** By field name: `invalidShare` is `--invalid-share`. */
export type OwnFlags = Readonly<Record<string, OwnFlag<unknown>>>;

/** What the flags of a table came to. */
export type FlagValues<Flags> = {
  readonly [Name in keyof Flags]: Flags[Name] extends OwnFlag<infer T> ? T : never;
};

/** What every command gets. `Flags` are the values of its own flags. */
export interface CommandContext<Flags = unknown> {
  readonly config: Config;
  /** Each setting with its origin, secrets masked. */
  readonly rows: readonly ConfigRow[];
  /** Variables under our prefixes that nobody is known to read. */
  readonly unknown: readonly string[];
  readonly sources: LoadedConfig["sources"];
  readonly flags: Flags;
  /** The word behind the name of a command that takes one; null for the others. */
  readonly argument: string | null;
  /** The version of the program. */
  readonly version: string;
  /** Prints lines on standard output. */
  readonly print: (text: string) => void;
}
