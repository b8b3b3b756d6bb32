/** ApiVersions: what this broker speaks, and nothing beyond. */
import { ERROR } from "../error_codes.ts";
import { API_VERSIONS_ANSWER, API_VERSIONS_REQUEST } from "../messages/cluster.ts";
import type { ValueOf } from "../wire/codec.ts";
import { defineApi } from "./api.ts";

/** An API with the range of its versions. */
export interface SpokenApi {
  readonly key: number;
  readonly minVersion: number;
  readonly maxVersion: number;
}

const KEY = 18;
const MAX_VERSION = 3;

/** ApiVersions itself, for the list of all others that it needs. */
// deno-lint-ignore explicit-module-boundary-types -- defineApi gives the type
export function apiVersions(others: readonly SpokenApi[]) {
  const own: SpokenApi = { key: KEY, minVersion: 0, maxVersion: MAX_VERSION };
  const apis = [...others, own]
    .map(({ key, minVersion, maxVersion }) => ({ key, minVersion, maxVersion }))
    .sort((a, b) => a.key - b.key);
  function refuse(errorCode: number): ValueOf<typeof API_VERSIONS_ANSWER> {
    return { errorCode, apis: [own], throttleTimeMs: 0 };
  }
  return defineApi({
    ...own,
    name: "ApiVersions",
    flexibleFrom: 3,
    request: API_VERSIONS_REQUEST,
    answer: API_VERSIONS_ANSWER,
    handle: () => ({ errorCode: ERROR.NONE, apis, throttleTimeMs: 0 }),
    refuse: (_request, errorCode) => refuse(errorCode),
  });
}
