/** Sources of settings for tests: files that exist only here. */
import type { ConfigSources } from "../../src/config.ts";

export interface TestSources {
  readonly flags?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** By path; `.env` too. What is not here does not exist. */
  readonly files?: Readonly<Record<string, string>>;
  readonly now?: number;
}

export function configSources(
  { flags = {}, env = {}, files = {}, now = Date.UTC(2024, 0, 15) }: TestSources = {},
): ConfigSources {
  return {
    flags: new Map(Object.entries(flags)),
    env,
    now,
    readFile(path) {
      const content = files[path];
      if (content === undefined) throw new Deno.errors.NotFound(`No such file: ${path}`);
      return content;
    },
  };
}
