/**
 * The program from its arguments to its exit code: finds the command, loads what it needs, runs it, and turns every
 * error into a text for people and a code for supervisors.
 */
import { type CommandLine, ownFlagName, parseCommandLine, UsageError } from "./cli/command_line.ts";
import { helpText } from "./cli/help.ts";
import {
  type CommandName,
  DEMO_FLAGS,
  DOCTOR_FLAGS,
  HEALTHCHECK_FLAGS,
} from "./commands/catalog.ts";
import {
  type CommandContext,
  EXIT,
  ExitError,
  type FlagValues,
  type OwnFlags,
} from "./commands/command.ts";
import * as config from "./commands/config.ts";
import {
  ACTION_FLAGS,
  LIST_FLAGS,
  REHEARSE_FLAGS,
  SHOW_FLAGS,
} from "./commands/dead_letters/specs.ts";
import * as healthcheck from "./commands/healthcheck.ts";
import {
  ConfigError,
  type ConfigSources,
  loadConfig,
  type LoadedConfig,
  loadHttpConfig,
} from "./config.ts";
import { ValueError } from "./config/values.ts";

/** What the program is given from outside. */
export interface Program {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
  readonly version: string;
  /** What the program was built from; null where that is not known. */
  readonly commit: string | null;
  /** Prints lines on standard output. */
  readonly print: (text: string) => void;
  /** Prints lines on standard error. */
  readonly printError: (text: string) => void;
}

/** Runs one command. Answers the exit code, never rejects. */
export async function runCommandLine(program: Program): Promise<number> {
  try {
    const line = parseCommandLine(program.args);
    if (line.help !== null) {
      program.print(helpText(line.help, program.version));
      return EXIT.OK;
    }
    if (line.version) {
      program.print(`${program.version} (commit ${program.commit ?? "unknown"})`);
      return EXIT.OK;
    }
    return await START[line.command](line, program);
  } catch (error) {
    return explain(error, program);
  }
}

type Start = (line: CommandLine, program: Program) => Promise<number>;

const START: Readonly<Record<CommandName, Start>> = {
  // Loaded when asked for, so that a health check does not load all of Kafka.
  run: withConfig({}, async (context) => (await import("./commands/run.ts")).run(context)),
  demo: withConfig(
    DEMO_FLAGS,
    async (context) => (await import("./commands/demo.ts")).run(context),
  ),
  produce: withConfig(
    DEMO_FLAGS,
    async (context) => (await import("./commands/produce.ts")).run(context),
  ),
  config: withConfig({}, config.run),
  doctor: async (line, program) => {
    const flags = readOwnFlags(DOCTOR_FLAGS, line);
    const { version, print } = program;
    const { run } = await import("./commands/doctor.ts");
    return await run({ ...tryConfig(line, program), flags, version, print });
  },
  "dead-letters list": withConfig(
    LIST_FLAGS,
    async (context) => (await import("./commands/dead_letters/list.ts")).run(context),
  ),
  "dead-letters show": withConfig(
    SHOW_FLAGS,
    async (context) => (await import("./commands/dead_letters/show.ts")).run(context),
  ),
  "dead-letters rehearse": withConfig(
    REHEARSE_FLAGS,
    async (context) => (await import("./commands/dead_letters/rehearse.ts")).run(context),
  ),
  "dead-letters redrive": withConfig(
    ACTION_FLAGS,
    async (context) => (await import("./commands/dead_letters/redrive.ts")).redrive(context),
  ),
  "dead-letters park": withConfig(
    ACTION_FLAGS,
    async (context) => (await import("./commands/dead_letters/redrive.ts")).park(context),
  ),
  healthcheck: withHttpConfig(healthcheck.run),
};

function withConfig<Flags extends OwnFlags>(
  ownFlags: Flags,
  run: (context: CommandContext<FlagValues<Flags>>) => Promise<number>,
): Start {
  return (line, program) => {
    const flags = readOwnFlags(ownFlags, line);
    const { argument } = line;
    const { version, print } = program;
    return run({ ...loadConfig(sources(line, program)), flags, argument, version, print });
  };
}

/** For what must work even where the rest of the configuration has become wrong. */
function withHttpConfig(run: typeof healthcheck.run): Start {
  return (line, program) => {
    const flags = readOwnFlags(HEALTHCHECK_FLAGS, line);
    return run({ config: loadHttpConfig(sources(line, program)), flags, print: program.print });
  };
}

/** For what is to explain a configuration that cannot work. */
function tryConfig(
  line: CommandLine,
  program: Program,
): { readonly loaded: LoadedConfig | null; readonly problems: readonly string[] } {
  try {
    return { loaded: loadConfig(sources(line, program)), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { loaded: null, problems: error.problems };
  }
}

function sources({ settings }: CommandLine, { env, readFile }: Program): ConfigSources {
  return { flags: settings, env, readFile };
}

/** @throws UsageError with every flag whose text does not fit */
function readOwnFlags<Flags extends OwnFlags>(
  flags: Flags,
  { own }: CommandLine,
): FlagValues<Flags> {
  const values: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [field, { type, default: fallback }] of Object.entries(flags)) {
    const name = ownFlagName(field);
    const text = own.get(name) ?? fallback;
    try {
      values[field] = type.parse(text);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      problems.push(`--${name}: expected ${error.message}: ${JSON.stringify(text)}`);
    }
  }
  if (problems.length > 0) throw new UsageError(problems);
  return values as FlagValues<Flags>;
}

/** Says what went wrong; answers the exit code. */
function explain(error: unknown, { printError }: Program): number {
  if (error instanceof UsageError) {
    printError(`${error.message}\nSee --help`);
    return EXIT.USAGE;
  }
  if (error instanceof ConfigError) {
    printError(`${error.message}\nSee --help, or docs/configuration.md`);
    return EXIT.CONFIG;
  }
  if (error instanceof ExitError) {
    printError(error.message);
    return error.exitCode;
  }
  const details = error instanceof Error ? error.stack ?? error.message : String(error);
  printError(`Report this, the service broke: ${details}`);
  return EXIT.INTERNAL;
}
