/**
 * The one table of settings. Flags, help, `config`, env.example and docs/configuration.md all follow from it, and so
 * does the type `Config`. The name is the variable's; `--kafka-brokers` is the flag of KAFKA_BROKERS.
 */
import { KAFKA_SETTINGS } from "./kafka_settings.ts";
import type { Secret } from "./secret.ts";
import { SECURITY_SETTINGS } from "./security_settings.ts";
import { SERVICE_SETTINGS } from "./service_settings.ts";
import type { FileSetting, OptionalSetting, RequiredSetting, Setting } from "./setting.ts";

export const SETTINGS = { ...KAFKA_SETTINGS, ...SECURITY_SETTINGS, ...SERVICE_SETTINGS } as const;

/** What the service is told, inferred from the table: KAFKA_BROKERS becomes `kafkaBrokers`. */
export type Config = {
  readonly [Name in SettingName as CamelCase<Name>]: ValueOf<typeof SETTINGS[Name]>;
};

type ValueOf<S> = S extends RequiredSetting<infer T> ? T
  : S extends OptionalSetting<infer T> ? T | null
  : S extends FileSetting ? Secret | null
  : boolean;

type CamelCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Lowercase<First>}${PascalCase<Rest>}`
  : Lowercase<Name>;

type PascalCase<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${Capitalize<Lowercase<First>>}${PascalCase<Rest>}`
  : Capitalize<Lowercase<Name>>;

/** The name of a setting: its variable's. */
export type SettingName = keyof typeof SETTINGS;

/** All names, in the order of the table. */
export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[];

/** A setting, whatever its kind. */
export function settingOf(name: SettingName): Setting {
  return SETTINGS[name] as Setting;
}

/** `--kafka-brokers` of KAFKA_BROKERS, without the dashes. */
export function flagOf(variable: string): string {
  return variable.toLowerCase().replaceAll("_", "-");
}

/** `kafkaBrokers` of KAFKA_BROKERS. */
export function fieldOf(name: SettingName): keyof Config {
  return name.toLowerCase().replace(/_(.)/g, (_, letter) => letter.toUpperCase()) as keyof Config;
}

/** Every variable that is read: the settings', and for those that may lie in a file the ones with _FILE. */
export function knownVariables(): readonly string[] {
  return SETTING_NAMES.flatMap((name) => {
    const { kind } = settingOf(name);
    if (kind === "switch") return [];
    return kind === "file" ? [name, `${name}_FILE`] : [name];
  });
}
