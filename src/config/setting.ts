/** What a setting is: its kinds, and what each says of itself for flags, help, errors and docs. */
import { boolean, type ValueType } from "./values.ts";

/** The parts of the table, in the order in which they are shown. */
export const GROUPS = [
  "Kafka",
  "Kafka client",
  "TLS and SASL",
  "Processing",
  "Dead letters",
  "HTTP and logs",
] as const;

interface SettingText {
  readonly group: typeof GROUPS[number];
  /** One sentence, with the unit, without a period. */
  readonly doc: string;
}

/** Always has a value. */
export interface RequiredSetting<T> extends SettingText {
  readonly kind: "required";
  readonly type: ValueType<T>;
  /** As one would write it. */
  readonly default: string;
  /** Instead of `default`, when ENVIRONMENT is `development`. */
  readonly developmentDefault?: string;
  /** Instead of `default`, by the value of another setting, which has each of these values. */
  readonly preset?: Preset;
}

/** One setting that says what several are where they are not set themselves. */
export interface Preset {
  /** The name of that setting. */
  readonly by: "FETCH_PRESET";
  readonly defaults: Readonly<Record<string, string>>;
}

/** Null when it is not set. */
export interface OptionalSetting<T> extends SettingText {
  readonly kind: "optional";
  readonly type: ValueType<T>;
  /** What happens when it is not set. */
  readonly unset: string;
}

/** Passwords, keys and certificates: the text itself, or a file that holds it, named by the variable with _FILE. */
export interface FileSetting extends SettingText {
  readonly kind: "file";
  readonly content: "PEM" | "password" | "token";
  /** Never shown, and no flag takes it: other users of the machine can read command lines. */
  readonly isSecret: boolean;
}

/** A flag without a variable, for what is done once and must not stay in a file. */
export interface SwitchSetting extends SettingText {
  readonly kind: "switch";
  readonly type: ValueType<boolean>;
  readonly default: string;
}

export type Setting =
  | RequiredSetting<unknown>
  | OptionalSetting<unknown>
  | FileSetting
  | SwitchSetting;

export function required<T>(setting: Omit<RequiredSetting<T>, "kind">): RequiredSetting<T> {
  return { kind: "required", ...setting };
}

export function optional<T>(setting: Omit<OptionalSetting<T>, "kind">): OptionalSetting<T> {
  return { kind: "optional", ...setting };
}

export function fromFile(setting: Omit<FileSetting, "kind">): FileSetting {
  return { kind: "file", ...setting };
}

export function onceByFlag(setting: SettingText): SwitchSetting {
  return { kind: "switch", type: boolean(), default: "false", ...setting };
}
