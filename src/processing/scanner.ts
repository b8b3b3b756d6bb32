/**
 * Looks at the bytes of a value in WebAssembly (assembly/scanner.ts), and builds of it what is asked for. It says yes
 * only to what JSON.parse and the schema surely take, and builds what JSON.parse would: plain objects, texts of their own.
 * What it is not sure of is for these to judge. What `scan` found holds until the next scan.
 */
import { Buffer } from "node:buffer";
import type { ObjectShape } from "../event_shape.ts";
import { type Build, compileBuild, type PlannedField, planOf, wholeOf } from "./scan_plan.ts";
import { buildScanTable, type ScannedField, type ScanTable } from "./scan_table.ts";
import { type Fields, isObject, select, type Selection } from "./selection.ts";

/** What one handler wants of an event. */
export interface Plan {
  readonly fields: readonly PlannedField[];
  /** Null where it must be built field by field. */
  readonly compiled: Build | null;
}

/** A longer value is left to JSON.parse: the memory for it would be kept for good. */
const MAX_VALUE_BYTES = 1 << 20;
const MAX_TABLE_BYTES = 1 << 16;
const PAGE_BYTES = 1 << 16;
const SLOT_BYTES = 16;
/** Behind the value: the module puts zeros there. */
const SLACK_BYTES = 64;
/** What `scan` in the module answers: 0, or these together. */
const UNSURE = 0;
const ASCII = 2;
const USUAL = 4;
/** Where a slot begins when its field is null; any other negative number: it is not there. */
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
  /** The slots, four and two numbers each. */
  readonly #int32: Int32Array;
  readonly #float64: Float64Array;
  readonly #buildWhole: Build | null;
  #size = 0;
  #isAscii = false;
  /** It has the fields of the shape in their order, and no others. */
  #isUsual = false;

  private constructor(table: ScanTable, { scan, memory, tableAt }: NonNullable<typeof scanner>) {
    this.#scan = scan;
    this.#memory = memory;
    this.#tableAt = tableAt;
    this.#table = table;
    this.#slotsAt = tableAt + table.bytes.length;
    this.#valueAt = this.#slotsAt + table.slots * SLOT_BYTES;
    this.#int32 = new Int32Array(memory.buffer, this.#slotsAt, table.slots * 4);
    this.#float64 = new Float64Array(memory.buffer, this.#slotsAt, table.slots * 2);
    this.#buildWhole = this.#compile(wholeOf(table.fields));
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
    this.#isAscii = (answer & ASCII) !== 0;
    this.#isUsual = (answer & USUAL) !== 0;
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
    const fields = planOf(selection, this.#table.fields);
    return fields === null ? null : { fields, compiled: this.#compile(fields) };
  }

  /** All of the scanned value, as JSON.parse reads it. */
  whole(): unknown {
    if (this.#isUsual && this.#buildWhole !== null) return this.#buildWhole();
    return JSON.parse(this.#text(0, this.#size));
  }

  /** Of the scanned value what is planned, in the order of the plan. */
  build({ fields, compiled }: Plan): Fields {
    return compiled === null ? this.#build(fields) : compiled();
  }

  /** One field of the scanned value; undefined where it is not there. */
  read({ slot, kind }: ScannedField): unknown {
    switch (kind) {
      case "text":
        return this.#readText(slot);
      case "number":
        return this.#readNumber(slot);
      case "boolean":
        return this.#readBoolean(slot);
      default:
        return this.#readJson(slot);
    }
  }

  #compile(fields: readonly PlannedField[]): Build | null {
    return compileBuild(fields, {
      text: (slot) => this.#readText(slot),
      number: (slot) => this.#readNumber(slot),
      boolean: (slot) => this.#readBoolean(slot),
      json: (slot) => this.#readJson(slot),
    });
  }

  #build(fields: readonly PlannedField[]): Fields {
    const built: Record<string, unknown> = {};
    for (const { name, field, below, selection } of fields) {
      const value = below === null ? this.read(field) : this.#buildBelow(field, below);
      if (value === undefined) continue;
      if (selection === null) built[name] = value;
      else if (isObject(value)) built[name] = select(value, selection);
    }
    return built;
  }

  #buildBelow({ slot }: ScannedField, fields: readonly PlannedField[]): unknown {
    return this.#from(slot) < 0 ? undefined : this.#build(fields);
  }

  #readText(slot: number): unknown {
    const from = this.#from(slot);
    if (from < 0) return nothing(from);
    const end = this.#end(slot);
    const hasEscapes = this.#int32[slot * 4 + 2] !== 0;
    // With its quotes; each text is a copy, not a part of a longer one that it would keep in memory.
    return hasEscapes ? JSON.parse(this.#text(from - 1, end + 1)) : this.#text(from, end);
  }

  #readNumber(slot: number): unknown {
    const from = this.#from(slot);
    return from < 0 ? nothing(from) : this.#float64[slot * 2 + 1];
  }

  #readBoolean(slot: number): unknown {
    const from = this.#from(slot);
    return from < 0 ? nothing(from) : this.#int32[slot * 4 + 2] === 1;
  }

  #readJson(slot: number): unknown {
    const from = this.#from(slot);
    return from < 0 ? nothing(from) : JSON.parse(this.#text(from, this.#end(slot)));
  }

  #from(slot: number): number {
    return this.#int32[slot * 4] ?? 0;
  }

  #end(slot: number): number {
    return this.#int32[slot * 4 + 1] ?? 0;
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

function nothing(from: number): null | undefined {
  return from === IS_NULL ? null : undefined;
}
