/** Everything that is fuzzed. */
import type { FuzzTarget } from "./target.ts";
import { ANSWERS } from "./targets/answers.ts";
import { BATCHES } from "./targets/batches.ts";
import { CODECS } from "./targets/codecs.ts";
import { GROUP } from "./targets/group.ts";
import { HTTP } from "./targets/http.ts";
import { LETTERS } from "./targets/letters.ts";
import { REQUESTS } from "./targets/requests.ts";
import { SCANNER } from "./targets/scanner.ts";
import { COMMIT_METADATA, CONFIG, DOTENV } from "./targets/texts.ts";
import { VALUES } from "./targets/values.ts";
import { WIRE } from "./targets/wire.ts";

export const TARGETS: readonly FuzzTarget[] = [
  VALUES,
  SCANNER,
  BATCHES,
  CODECS,
  LETTERS,
  GROUP,
  COMMIT_METADATA,
  DOTENV,
  CONFIG,
  ANSWERS,
  REQUESTS,
  WIRE,
  HTTP,
];
