/**
 * The tables by which assembly/scanner.ts scans: what a shape asks for, laid out as bytes, and which slot holds what of
 * a value after a scan. The layouts are told in both places.
 */
import type { FieldShape, NumberShape, ObjectShape, ValueShape } from "../event_shape.ts";

/** Where a field of a scanned value is found. */
export interface ScannedField {
  readonly slot: number;
  readonly kind: ValueShape["kind"];
  readonly isOptional: boolean;
  readonly isNullable: boolean;
  /** Of an object of the shape; null for all else. */
  readonly fields: ReadonlyMap<string, ScannedField> | null;
}

export interface ScanTable {
  /** To be written to where the addresses within are true. */
  readonly bytes: Uint8Array;
  /** Address of the outermost object. */
  readonly root: number;
  readonly slots: number;
  readonly fields: ReadonlyMap<string, ScannedField>;
}

const OBJECT_BYTES = 16;
const FIELD_BYTES = 96;
const FIELD = {
  nameLength: 32,
  kind: 36,
  object: 40,
  slot: 44,
  bit: 48,
  flags: 52,
  minLength: 56,
  maxLength: 60,
  minimum: 64,
  maximum: 72,
} as const;
const FLAG = { nullable: 1, integer: 2, aboveMinimum: 4, belowMaximum: 8 } as const;
const KIND = {
  text: 0,
  uuid: 1,
  time: 2,
  url: 3,
  number: 4,
  boolean: 5,
  anything: 6,
  free: 7,
  object: 8,
} as const;
const UINT32_MAX = 0xffff_ffff;
const QUOTE = 0x22;

/** `address`: where its bytes will stand, a multiple of 16. */
export function buildScanTable(shape: ObjectShape, address: number): ScanTable {
  const builder = new TableBuilder(address);
  const { object: root, fields } = builder.object(shape);
  return { bytes: builder.bytes(), root, slots: builder.slots, fields };
}

interface PlacedObject {
  readonly object: number;
  readonly fields: ReadonlyMap<string, ScannedField>;
}

class TableBuilder {
  slots = 0;
  readonly #address: number;
  readonly #parts: DataView[] = [];
  #size = 0;

  constructor(address: number) {
    this.#address = address;
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      all.set(new Uint8Array(part.buffer), at);
      at += part.byteLength;
    }
    return all;
  }

  object({ fields }: ObjectShape): PlacedObject {
    const [object, head] = this.#place(OBJECT_BYTES);
    const [first, rows] = this.#place(FIELD_BYTES * fields.length);
    head.setUint32(0, first, true);
    head.setUint32(4, fields.length, true);
    let required = 0;
    const placed = new Map<string, ScannedField>();
    for (const [index, field] of fields.entries()) {
      const row = new DataView(rows.buffer, index * FIELD_BYTES, FIELD_BYTES);
      placed.set(field.name, this.#field(row, field));
      row.setUint32(FIELD.bit, 1 << index, true);
      if (!field.isOptional) required |= 1 << index;
    }
    head.setUint32(8, required, true);
    return { object, fields: placed };
  }

  #field(row: DataView, { name, isOptional, isNullable, value }: FieldShape): ScannedField {
    const slot = this.slots++;
    for (let at = 0; at < name.length; at++) row.setUint8(at, name.charCodeAt(at));
    row.setUint8(name.length, QUOTE);
    row.setUint32(FIELD.nameLength, name.length + 1, true);
    row.setUint32(FIELD.slot, slot, true);
    let flags = isNullable ? FLAG.nullable : 0;
    let fields: PlacedObject["fields"] | null = null;
    row.setUint32(FIELD.kind, kindOf(value), true);
    if (value.kind === "text") {
      row.setUint32(FIELD.minLength, value.minLength, true);
      row.setUint32(FIELD.maxLength, Math.min(value.maxLength, UINT32_MAX), true);
    } else if (value.kind === "number") {
      row.setFloat64(FIELD.minimum, value.minimum, true);
      row.setFloat64(FIELD.maximum, value.maximum, true);
      flags |= numberFlags(value);
    } else if (value.kind === "object") {
      const below = this.object(value);
      row.setUint32(FIELD.object, below.object, true);
      fields = below.fields;
    }
    row.setUint32(FIELD.flags, flags, true);
    return { slot, kind: value.kind, isOptional, isNullable, fields };
  }

  /** Its address, and a view on it. */
  #place(size: number): [address: number, view: DataView] {
    const address = this.#address + this.#size;
    const view = new DataView(new ArrayBuffer(size));
    this.#parts.push(view);
    this.#size += size;
    return [address, view];
  }
}

function kindOf(value: ValueShape): number {
  return KIND[value.kind === "text" ? value.format ?? "text" : value.kind];
}

function numberFlags({ isInteger, isAboveMinimum, isBelowMaximum }: NumberShape): number {
  return (isInteger ? FLAG.integer : 0) | (isAboveMinimum ? FLAG.aboveMinimum : 0) |
    (isBelowMaximum ? FLAG.belowMaximum : 0);
}
