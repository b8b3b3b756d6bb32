/**
 * Looks at the bytes of a value in WebAssembly (assembly/scanner.ts), and builds of it what is asked for. It says yes
 * only to what JSON.parse and the schema surely take, and builds what JSON.parse would: plain objects, texts of their own.
 * What it is not sure of is for these to judge. What `scan` found holds until the next scan.
 */
import { Buffer } from "node:buffer";
import type { ObjectShape } from "../event_shape.ts";
import { buildScanTable, type ScannedField, type ScanTable } from "./scan_table.ts";
import { isObject, select, type Selection } from "./selection.ts";

/** What one handler wants of an event, field by field. */
export type Plan = readonly PlannedField[];

interface PlannedField {
  readonly name: string;
  readonly field: ScannedField;
  /** Only this of an object of the shape. */
  readonly below: Plan | null;
  /** Only this of what JSON.parse gives. */
  readonly selection: Selection | null;
}

/** A longer value is left to JSON.parse: the memory for it would be kept for good. */
const MAX_VALUE_BYTES = 1 << 20;
const MAX_TABLE_BYTES = 1 << 16;
const PAGE_BYTES = 1 << 16;
const SLOT_BYTES = 16;
/** Behind the value: the module puts zeros there. */
const SLACK_BYTES = 64;
/** What `scan` in the module answers. */
const UNSURE = 0;
const VALID = 1;
/** Where a slot begins when its field is not there, or is null. */
const ABSENT = -1;
const IS_NULL = -2;

const scanner = await load();
/** Whose table stands in the module's memory. */
let active: Scanner | null = null;

async function load() {
  try {
    const module = await import("./scanner.wasm");
    module.prepare();
    const tableAt = Math.ceil(module.heapBase() / SLOT_BYTES) * SLOT_BYTES;
    const missing = tableAt + MAX_TABLE_BYTES + MAX_VALUE_BYTES + SLACK_BYTES -
      module.memory.buffer.byteLength;
    module.memory.grow(Math.max(0, Math.ceil(missing / PAGE_BYTES)));
    const memory = Buffer.from(module.memory.buffer);
    return { scan: module.scan, memory, tableAt };
  } catch {
    return null;
  }
}

export class Scanner {
  readonly #scan: (root: number, from: number, end: number, to: number, slots: number) => number;
  readonly #memory: Buffer;
  readonly #tableAt: number;
  readonly #table: ScanTable;
  readonly #slotsAt: number;
  readonly #valueAt: number;
  readonly #slots: DataView;
  #size = 0;
  #isAscii = false;

  private constructor(table: ScanTable, { scan, memory, tableAt }: NonNullable<typeof scanner>) {
    this.#scan = scan;
    this.#memory = memory;
    this.#tableAt = tableAt;
    this.#table = table;
    this.#slotsAt = tableAt + table.bytes.length;
    this.#valueAt = this.#slotsAt + table.slots * SLOT_BYTES;
    this.#slots = new DataView(memory.buffer, this.#slotsAt, table.slots * SLOT_BYTES);
  }

  /** Null where there is no WebAssembly with SIMD, or the shape is too large. */
  static create(shape: ObjectShape): Scanner | null {
    if (scanner === null) return null;
    const table = buildScanTable(shape, scanner.tableAt);
    const size = table.bytes.length + table.slots * SLOT_BYTES;
    return size > MAX_TABLE_BYTES ? null : new Scanner(table, scanner);
  }

  /** Is the value surely valid? */
  scan(value: Uint8Array): boolean {
    const size = value.length;
    if (size > MAX_VALUE_BYTES) return false;
    if (active !== this) this.#activate();
    this.#memory.set(value, this.#valueAt);
    const { root, slots } = this.#table;
    const end = this.#valueAt + size;
    const answer = this.#scan(root, this.#valueAt, end, this.#slotsAt, slots);
    this.#size = size;
    this.#isAscii = answer === VALID;
    return answer !== UNSURE;
  }

  /** The scanned field of that path, each part a field of the shape; null where the shape has none. */
  field(path: readonly string[]): ScannedField | null {
    let fields: ReadonlyMap<string, ScannedField> | null = this.#table.fields;
    let field: ScannedField | null = null;
    for (const name of path) {
      field = fields?.get(name) ?? null;
      fields = field?.fields ?? null;
    }
    return field;
  }

  /** Null where it names what the shape does not: only the whole value has it. */
  plan(selection: Selection): Plan | null {
    return planOf(selection, this.#table.fields);
  }

  /** All of the scanned value, as JSON.parse reads it. */
  whole(): unknown {
    return JSON.parse(this.#text(0, this.#size));
  }

  /** Of the scanned value what is planned, in the order of the plan. */
  build(plan: Plan): Readonly<Record<string, unknown>> {
    const built: Record<string, unknown> = {};
    for (const { name, field, below, selection } of plan) {
      const value = below === null ? this.read(field) : this.#buildBelow(field, below);
      if (value === undefined) continue;
      if (selection === null) built[name] = value;
      else if (isObject(value)) built[name] = select(value, selection);
    }
    return built;
  }

  /** One field of the scanned value; undefined where it is not there. */
  read({ slot, kind }: ScannedField): unknown {
    const at = slot * SLOT_BYTES;
    const from = this.#slots.getInt32(at, true);
    if (from < 0) return from === IS_NULL ? null : undefined;
    if (kind === "number") return this.#slots.getFloat64(at + 8, true);
    if (kind === "boolean") return this.#slots.getInt32(at + 8, true) === 1;
    const end = this.#slots.getInt32(at + 4, true);
    if (kind !== "text") return JSON.parse(this.#text(from, end));
    const hasEscapes = this.#slots.getInt32(at + 8, true) !== 0;
    // With its quotes; each text is a copy, not a part of a longer one that it would keep in memory.
    return hasEscapes ? JSON.parse(this.#text(from - 1, end + 1)) : this.#text(from, end);
  }

  #buildBelow({ slot }: ScannedField, plan: Plan): unknown {
    const from = this.#slots.getInt32(slot * SLOT_BYTES, true);
    return from === ABSENT || from === IS_NULL ? undefined : this.build(plan);
  }

  #text(from: number, end: number): string {
    const at = this.#valueAt;
    return this.#memory.toString(this.#isAscii ? "latin1" : "utf8", at + from, at + end);
  }

  #activate(): void {
    this.#memory.set(this.#table.bytes, this.#tableAt);
    active = this;
  }
}

function planOf(selection: Selection, fields: ReadonlyMap<string, ScannedField>): Plan | null {
  const plan: PlannedField[] = [];
  for (const [name, below] of selection) {
    const field = fields.get(name);
    if (field === undefined) return null;
    const planned = below === null || field.fields === null ? null : planOf(below, field.fields);
    plan.push({ name, field, below: planned, selection: planned === null ? below : null });
  }
  return plan;
}
