/**
 * What a schema asks for, as plain facts that need no zod: what the scanner's tables are made from. Not every schema can
 * be told so. One that cannot is named with what stands in the way, and events are then read in the plain way.
 */
import type * as z from "zod";

/** A JSON object with these fields; others may be there as well. */
export interface ObjectShape {
  readonly kind: "object";
  readonly fields: readonly FieldShape[];
}

export interface FieldShape {
  readonly name: string;
  readonly isOptional: boolean;
  readonly isNullable: boolean;
  readonly value: ValueShape;
}

/** `free`: an object with whatever is in it. */
export type ValueShape =
  | ObjectShape
  | TextShape
  | NumberShape
  | { readonly kind: "boolean" | "anything" | "free" };

/** Formats that the scanner knows. */
export type TextFormat = "uuid" | "time" | "url";

export interface TextShape {
  readonly kind: "text";
  readonly format: TextFormat | null;
  /** In letters as zod counts them, by code points. */
  readonly minLength: number;
  readonly maxLength: number;
}

export interface NumberShape {
  readonly kind: "number";
  readonly isInteger: boolean;
  readonly minimum: number;
  readonly maximum: number;
  /** The bounds themselves are not allowed. */
  readonly isAboveMinimum: boolean;
  readonly isBelowMaximum: boolean;
}

/** The shape, or why there is none: `client_info.language: union`. */
export type ShapeOfSchema =
  | { readonly shape: ObjectShape; readonly unsupported: null }
  | { readonly shape: null; readonly unsupported: string };

/**
 * `formats`: by the functions that define them for the schema, so that another function is another format. Their names
 * begin with `event_`: of one that is called as one of zod's own, zod does not ask the function.
 */
export function shapeOfSchema(
  schema: z.core.$ZodType,
  formats: ReadonlyMap<unknown, TextFormat>,
): ShapeOfSchema {
  try {
    const shape = new ShapeReader(formats).value(schema, []);
    if (shape.kind === "object") return { shape, unsupported: null };
    return { shape: null, unsupported: `the event is no object with fields: ${shape.kind}` };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { shape: null, unsupported: error.message };
  }
}

class UnsupportedError extends Error {
  override readonly name = "UnsupportedError";

  constructor(path: Path, what: string) {
    super(path.length === 0 ? what : `${path.join(".")}: ${what}`);
  }
}

type Path = readonly string[];

/** What of zod's definitions is looked at. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly catchall?: z.core.$ZodType;
  readonly innerType?: z.core.$ZodType;
  readonly checks?: readonly { readonly _zod: { readonly def: CheckDefinition } }[];
  /** A schema can be a check, too: `z.uuid()`, `z.int()`. */
  readonly check?: string;
  readonly format?: string;
  readonly coerce?: boolean;
}

interface CheckDefinition {
  readonly check: string;
  readonly format?: string;
  /** What defines a format. */
  readonly fn?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly value?: unknown;
  readonly inclusive?: boolean;
}

const MAX_NAME_LENGTH = 31;
const MAX_FIELDS = 31;
/** All objects together. Their table is well below what the scanner has room for. */
const MAX_ALL_FIELDS = 400;
const MAX_DEPTH = 16;
const MAX_LENGTH = 0xffff_ffff;
const OWN_FORMAT = /^event_/;
/** Letters that stand for themselves in JSON. */
const PLAIN_NAME = /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/;

class ShapeReader {
  readonly #formats: ReadonlyMap<unknown, TextFormat>;
  #fields = 0;

  constructor(formats: ReadonlyMap<unknown, TextFormat>) {
    this.#formats = formats;
  }

  value(schema: z.core.$ZodType, path: Path): ValueShape {
    const definition = schema._zod.def as Definition;
    if (definition.coerce) throw new UnsupportedError(path, "coerce");
    switch (definition.type) {
      case "string":
        return this.#text(definition, path);
      case "number":
        return numberShape(definition, path);
      case "boolean":
        noChecks(definition, path);
        return { kind: "boolean" };
      case "unknown":
      case "any":
        noChecks(definition, path);
        return { kind: "anything" };
      case "object":
        return this.#object(definition, path);
      default:
        throw new UnsupportedError(path, definition.type);
    }
  }

  #object(definition: Definition, path: Path): ValueShape {
    noChecks(definition, path);
    const { catchall, shape = {} } = definition;
    if (catchall !== undefined) this.#others(catchall._zod.def as Definition, path);
    if (path.length > MAX_DEPTH) throw new UnsupportedError(path.slice(0, 1), "too deep");
    const entries = Object.entries(shape);
    this.#fields += entries.length;
    if (entries.length > MAX_FIELDS || this.#fields > MAX_ALL_FIELDS) {
      throw new UnsupportedError(path, "too many fields");
    }
    if (Object.getOwnPropertySymbols(shape).length > 0) {
      throw new UnsupportedError(path, "a symbol");
    }
    if (entries.length === 0) return { kind: "free" };
    return { kind: "object", fields: entries.map(([name, each]) => this.#field(name, each, path)) };
  }

  /** Whatever they are has to be fine. */
  #others(definition: Definition, path: Path): void {
    noChecks(definition, path);
    const { type } = definition;
    if (type === "unknown" || type === "any") return;
    throw new UnsupportedError(path, `an object whose other fields are ${type}`);
  }

  #field(name: string, schema: z.core.$ZodType, above: Path): FieldShape {
    const path = [...above, name];
    // One that every object has is there for zod, if not for JSON.
    if (name.length > MAX_NAME_LENGTH || !PLAIN_NAME.test(name) || name in Object.prototype) {
      throw new UnsupportedError(path, "its name");
    }
    let inner = schema;
    let isOptional = false;
    let isNullable = false;
    while (true) {
      const definition = inner._zod.def as Definition;
      if (definition.type === "optional") isOptional = true;
      else if (definition.type === "nullable") isNullable = true;
      else break;
      noChecks(definition, path);
      inner = definition.innerType as z.core.$ZodType;
    }
    return { name, isOptional, isNullable, value: this.value(inner, path) };
  }

  #text(definition: Definition, path: Path): TextShape {
    let format: TextFormat | null = null;
    let [minLength, maxLength] = [0, Infinity];
    for (const each of checksOf(definition)) {
      if (each.check === "min_length" && isLength(each.minimum)) {
        minLength = Math.max(minLength, each.minimum);
      } else if (each.check === "max_length" && isLength(each.maximum)) {
        maxLength = Math.min(maxLength, each.maximum);
      } else if (each.check === "string_format" && format === null) {
        format = this.#format(each, path);
      } else throw new UnsupportedError(path, each.check);
    }
    return { kind: "text", format, minLength, maxLength };
  }

  #format({ fn, format: name }: CheckDefinition, path: Path): TextFormat {
    const format = this.#formats.get(fn);
    if (format === undefined || !OWN_FORMAT.test(name ?? "")) {
      throw new UnsupportedError(path, `the format ${name}`);
    }
    return format;
  }
}

function isLength(length: unknown): length is number {
  return typeof length === "number" && Number.isInteger(length) && length >= 0 &&
    length <= MAX_LENGTH;
}

function numberShape(definition: Definition, path: Path): NumberShape {
  let isInteger = false;
  let [minimum, maximum] = [-Infinity, Infinity];
  let [isAboveMinimum, isBelowMaximum] = [false, false];
  for (const { check, value, inclusive, format } of checksOf(definition)) {
    if (check === "greater_than" && typeof value === "number" && value >= minimum) {
      isAboveMinimum = inclusive !== true || (isAboveMinimum && value === minimum);
      minimum = value;
    } else if (check === "less_than" && typeof value === "number" && value <= maximum) {
      isBelowMaximum = inclusive !== true || (isBelowMaximum && value === maximum);
      maximum = value;
    } else if (check === "number_format" && format === "safeint") {
      isInteger = true;
    } else if (!isWeakerBound({ check, value }, { minimum, maximum })) {
      throw new UnsupportedError(path, format ?? check);
    }
  }
  return { kind: "number", isInteger, minimum, maximum, isAboveMinimum, isBelowMaximum };
}

/** A bound beside a stricter one says nothing. */
function isWeakerBound(
  { check, value }: Pick<CheckDefinition, "check" | "value">,
  { minimum, maximum }: { readonly minimum: number; readonly maximum: number },
): boolean {
  if (typeof value !== "number") return false;
  return (check === "greater_than" && value < minimum) ||
    (check === "less_than" && value > maximum);
}

function checksOf(definition: Definition): readonly CheckDefinition[] {
  const { check, checks = [] } = definition;
  const own = check === undefined ? [] : [definition as CheckDefinition & Definition];
  return [...own as CheckDefinition[], ...checks.map((each) => each._zod.def)];
}

function noChecks(definition: Definition, path: Path): void {
  for (const { check } of checksOf(definition)) throw new UnsupportedError(path, check);
}
