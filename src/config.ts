/**
 * From flags, environment, `.env` and defaults to one frozen `Config`, or to every problem at once. A value that is
 * empty counts as not set. Values of secrets are in no message and no row.
 */
import { combinationProblems } from "./config/checks.ts";
import { DotenvError, parseDotenv } from "./config/dotenv.ts";
import { fileProblem, readSecretFile, SuppliedSecret } from "./config/secret.ts";
import type { FileSetting, Preset, Setting } from "./config/setting.ts";
import {
  type Config,
  fieldOf,
  flagOf,
  SETTING_NAMES,
  type SettingName,
  settingOf,
} from "./config/settings.ts";
import { countCertificates } from "./config/tls_material.ts";
import { ValueError, type ValueType } from "./config/values.ts";
import { inspectVariables } from "./config/variables.ts";

export { deadLetterTopic } from "./config/checks.ts";
export type { Secret } from "./config/secret.ts";
export type { Config } from "./config/settings.ts";
export { Endpoint } from "./config/values.ts";

/** Where settings come from. */
export interface ConfigSources {
  /** By the flag's name without dashes; the text as given, `true` and `false` for switches. */
  readonly flags: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads `.env` and the files of secrets. Throws what Deno.readTextFileSync throws. */
  readonly readFile: (path: string) => string;
  /** Milliseconds since 1970, for the validity of certificates; now by default. */
  readonly now?: number;
}

/** One setting as `config` shows it. */
export interface ConfigRow {
  readonly name: SettingName;
  readonly group: Setting["group"];
  /** As one would write it; masked for secrets, null when not set. */
  readonly value: string | null;
  /** `flag`, `environment`, `.env`, `default`, `default of FETCH_PRESET=...`, or the file of a NAME_FILE. */
  readonly origin: string;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly rows: readonly ConfigRow[];
  /** Variables under our prefixes that nobody is known to read. */
  readonly unknown: readonly string[];
  /** What it was made of beside files, from which a thread of this process can make it again. */
  readonly sources: Pick<ConfigSources, "flags" | "env">;
}

/** The configuration cannot work. The message holds every problem, one a line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      `Cannot use the configuration: ${count}${problems.map((each) => `\n  ${each}`).join("")}`,
    );
    this.problems = problems;
  }
}

/** @throws ConfigError with every problem at once */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const resolver = new Resolver(sources);
  const values = resolver.resolve(SETTING_NAMES);
  const { problems, unknown } = inspectVariables(resolver.variables);
  resolver.problems.push(...problems);
  resolver.problems.push(...combinationProblems(values, sources.now ?? Date.now()));
  if (resolver.problems.length > 0) throw new ConfigError(resolver.problems);
  const { flags, env } = sources;
  const config = Object.freeze(values as Config);
  return { config, rows: resolver.rows, unknown, sources: { flags, env } };
}

/**
 * Only where HTTP listens. Needs nothing else to be right, so that an expired certificate does not make a running
 * service look dead.
 *
 * @throws ConfigError
 */
export function loadHttpConfig(sources: ConfigSources): Pick<Config, "httpHost" | "httpPort"> {
  const resolver = new Resolver(sources);
  const { httpHost, httpPort } = resolver.resolve(["HTTP_HOST", "HTTP_PORT"]);
  if (httpHost === undefined || httpPort === undefined) throw new ConfigError(resolver.problems);
  return { httpHost, httpPort };
}

const DOTENV = ".env";
const MASK = "********";

/** A text and where it was found: `label` for messages, `origin` for people who ask. */
interface Given {
  readonly text: string;
  readonly label: string;
  readonly origin: string;
}

/** What counts where nothing is given; null is not set. */
interface Default {
  readonly text: string | null;
  readonly origin: string;
}

class Resolver {
  readonly problems: string[] = [];
  readonly rows: ConfigRow[] = [];
  readonly #sources: ConfigSources;
  readonly #dotenv: Readonly<Record<string, string>>;

  constructor(sources: ConfigSources) {
    this.#sources = sources;
    this.#dotenv = this.#readDotenv();
  }

  /** Names that environment or `.env` set. */
  get variables(): Readonly<Record<string, string | undefined>> {
    return { ...this.#dotenv, ...this.#sources.env };
  }

  /** What could be made out of these; the rest is in `problems`. */
  resolve(names: readonly SettingName[]): Partial<Config> {
    const values: Record<string, unknown> = {};
    for (const name of names) {
      const value = this.#resolveOne(name);
      if (value !== undefined) values[fieldOf(name)] = value;
    }
    return values as Partial<Config>;
  }

  #resolveOne(name: SettingName): unknown {
    const setting = settingOf(name);
    if (setting.kind === "file") return this.#resolveFile(name, setting);
    const given = setting.kind === "switch" ? this.#givenFlag(name) : this.#given(name);
    const { text, origin } = given ?? this.#defaultOf(setting);
    if (text === null) {
      this.#show(name, { value: null, origin });
      return null;
    }
    try {
      const type: ValueType<unknown> = setting.type;
      const value = type.parse(text);
      this.#show(name, { value: type.show(value), origin });
      return value;
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      this.problems.push(`${given?.label}: expected ${error.message}: ${quoted(text)}`);
      return undefined;
    }
  }

  /** The text itself or a file that holds it; the source that counts first decides between them. */
  #resolveFile(name: SettingName, setting: FileSetting): SuppliedSecret | null | undefined {
    for (const find of [this.#givenFlag, this.#givenEnv, this.#givenDotenv]) {
      const given = find.call(this, name);
      const file = find.call(this, `${name}_FILE`);
      if (given !== null && file !== null) {
        this.problems.push(`${given.label}: given together with ${file.label}, only one may be`);
        return undefined;
      }
      if (file !== null) return this.#secretOfFile(name, { setting, file });
      if (given !== null) {
        const text = setting.content === "PEM" ? unescapeNewlines(given.text) : given.text;
        this.#show(name, { value: shown(setting, text), origin: given.origin });
        return new SuppliedSecret(() => text);
      }
    }
    this.#show(name, { value: null, origin: "default" });
    return null;
  }

  #secretOfFile(
    name: SettingName,
    { setting, file }: { setting: FileSetting; file: Given },
  ): SuppliedSecret | undefined {
    const path = file.text.trim();
    const { readFile } = this.#sources;
    const read = () => readSecretFile(path, { variable: file.label, readFile });
    try {
      this.#show(name, { value: shown(setting, read()), origin: `file ${path} (${file.origin})` });
      return new SuppliedSecret(read);
    } catch (error) {
      this.problems.push((error as Error).message);
      return undefined;
    }
  }

  #given(name: string): Given | null {
    const given = this.#givenFlag(name) ?? this.#givenEnv(name) ?? this.#givenDotenv(name);
    return given === null ? null : { ...given, text: given.text.trim() };
  }

  #givenFlag(name: string): Given | null {
    const flag = flagOf(name);
    const text = this.#sources.flags.get(flag);
    return text === undefined ? null : { text, label: `--${flag}`, origin: "flag" };
  }

  #givenEnv(name: string): Given | null {
    return notEmpty(this.#sources.env[name], { label: name, origin: "environment" });
  }

  #givenDotenv(name: string): Given | null {
    return notEmpty(this.#dotenv[name], { label: `${name} (${DOTENV})`, origin: DOTENV });
  }

  #defaultOf(setting: Exclude<Setting, FileSetting>): Default {
    if (setting.kind === "optional") return { text: null, origin: "default" };
    const ordinary = { text: setting.default, origin: "default" };
    if (setting.kind === "switch") return ordinary;
    const { developmentDefault, preset } = setting;
    if (preset !== undefined) return this.#presetOf(preset) ?? ordinary;
    if (developmentDefault === undefined) return ordinary;
    const environment = this.#given("ENVIRONMENT")?.text ?? "development";
    return environment === "development" ? { ...ordinary, text: developmentDefault } : ordinary;
  }

  /** A preset that has no such name is reported once, as the setting that it is. */
  #presetOf({ by, defaults }: Preset): Default | null {
    const name = this.#given(by)?.text.toLowerCase() ?? "";
    const text = Object.hasOwn(defaults, name) ? defaults[name] : undefined;
    return text === undefined ? null : { text, origin: `default of ${by}=${name}` };
  }

  #show(name: SettingName, { value, origin }: { value: string | null; origin: string }): void {
    this.rows.push({ name, group: settingOf(name).group, value, origin });
  }

  #readDotenv(): Readonly<Record<string, string>> {
    let content: string;
    try {
      content = this.#sources.readFile(DOTENV);
    } catch (error) {
      const isMissing = error instanceof Error && error.name === "NotFound";
      if (!isMissing) this.problems.push(`${DOTENV}: cannot read the file: ${fileProblem(error)}`);
      return {};
    }
    try {
      return parseDotenv(content);
    } catch (error) {
      if (!(error instanceof DotenvError)) throw error;
      this.problems.push(...error.problems.map((problem) => `${DOTENV}: ${problem}`));
      return {};
    }
  }
}

function notEmpty(
  text: string | undefined,
  { label, origin }: { label: string; origin: string },
): Given | null {
  return text === undefined || text.trim() === "" ? null : { text, label, origin };
}

/** A PEM text that had to fit on one line. */
function unescapeNewlines(text: string): string {
  return text.includes("\n") ? text : text.replaceAll("\\n", "\n");
}

function shown({ isSecret }: FileSetting, text: string): string {
  if (isSecret) return MASK;
  const count = countCertificates(text);
  return count === 1 ? "1 certificate" : `${count} certificates`;
}

const SHOWN_MAX = 100;

/** The current value for a message, without what may be a password before an `@`. */
function quoted(text: string): string {
  const masked = text.replace(/[^\s,/]+@/g, "***@");
  return JSON.stringify(masked.length > SHOWN_MAX ? `${masked.slice(0, SHOWN_MAX)}...` : masked);
}
