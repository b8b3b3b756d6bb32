/** DescribeConfigs, AlterConfigs and IncrementalAlterConfigs on the wire. */
import {
  array,
  boolean,
  int16,
  int32,
  int8,
  nullableArray,
  nullableString,
  since,
  string,
  struct,
} from "../wire/codec.ts";

export const DESCRIBE_CONFIGS_REQUEST = struct({
  resources: array(struct({
    type: int8,
    name: string,
    keys: nullableArray(string),
  })),
  includeSynonyms: boolean,
  includeDocumentation: since(3, boolean, false),
});

export const DESCRIBE_CONFIGS_ANSWER = struct({
  throttleTimeMs: int32,
  resources: array(struct({
    errorCode: int16,
    errorMessage: nullableString,
    type: int8,
    name: string,
    configs: array(struct({
      name: string,
      value: nullableString,
      readOnly: boolean,
      source: int8,
      isSensitive: boolean,
      synonyms: array(struct({ name: string, value: nullableString, source: int8 })),
      valueType: since(3, int8, 0),
      documentation: since(3, nullableString, null),
    })),
  })),
});

export const ALTER_CONFIGS_REQUEST = struct({
  resources: array(struct({
    type: int8,
    name: string,
    configs: array(struct({ name: string, value: nullableString })),
  })),
  validateOnly: boolean,
});

export const INCREMENTAL_ALTER_CONFIGS_REQUEST = struct({
  resources: array(struct({
    type: int8,
    name: string,
    configs: array(struct({ name: string, operation: int8, value: nullableString })),
  })),
  validateOnly: boolean,
});

export const ALTER_CONFIGS_ANSWER = struct({
  throttleTimeMs: int32,
  resources: array(struct({
    errorCode: int16,
    errorMessage: nullableString,
    type: int8,
    name: string,
  })),
});
