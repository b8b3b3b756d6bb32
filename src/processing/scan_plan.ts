/**
 * Which fields of a scanned value are taken, and the code that builds an object of them. An object that always has the same
 * fields is written down as one literal: V8 makes it several times as fast as one that grows field by field.
 */
import type { ScannedField } from "./scan_table.ts";
import type { Fields, Selection } from "./selection.ts";

export interface PlannedField {
  readonly name: string;
  readonly field: ScannedField;
  /** Only this of an object of the shape. */
  readonly below: readonly PlannedField[] | null;
  /** Only this of what JSON.parse gives. */
  readonly selection: Selection | null;
}

export type Build = () => Fields;

/** How a slot is read, by its kind. */
export interface SlotReaders {
  readonly text: ReadSlot;
  readonly number: ReadSlot;
  readonly boolean: ReadSlot;
  readonly json: ReadSlot;
}

type ReadSlot = (slot: number) => unknown;

/** In the order of the selection. Null where it names what the shape does not. */
export function planOf(
  selection: Selection,
  fields: ReadonlyMap<string, ScannedField>,
): readonly PlannedField[] | null {
  const plan: PlannedField[] = [];
  for (const [name, below] of selection) {
    const field = fields.get(name);
    if (field === undefined) return null;
    const planned = below === null || field.fields === null ? null : planOf(below, field.fields);
    plan.push({ name, field, below: planned, selection: planned === null ? below : null });
  }
  return plan;
}

/** All fields of the shape, in its order. */
export function wholeOf(fields: ReadonlyMap<string, ScannedField>): readonly PlannedField[] {
  return [...fields].map(([name, field]) => {
    const below = field.fields === null ? null : wholeOf(field.fields);
    return { name, field, below, selection: null };
  });
}

/** Null where what is built has not always the same fields, or code cannot be made. */
export function compileBuild(fields: readonly PlannedField[], readers: SlotReaders): Build | null {
  const literal = literalOf(fields);
  if (literal === null) return null;
  try {
    const make = new Function("text", "number", "boolean", "json", `return () => (${literal})`);
    return make(readers.text, readers.number, readers.boolean, readers.json);
  } catch {
    return null;
  }
}

/** `{"user_id":text(4),"client_info":{"language":text(10)}}` */
function literalOf(fields: readonly PlannedField[]): string | null {
  const parts: string[] = [];
  for (const { name, field, below, selection } of fields) {
    const mayMiss = field.isOptional || selection !== null || (below !== null && field.isNullable);
    const value = below === null ? readingOf(field) : literalOf(below);
    if (mayMiss || value === null) return null;
    parts.push(`${JSON.stringify(name)}:${value}`);
  }
  return `{${parts.join(",")}}`;
}

function readingOf({ kind, slot }: ScannedField): string {
  const isPlain = kind === "text" || kind === "number" || kind === "boolean";
  return `${isPlain ? kind : "json"}(${slot})`;
}
