/** What the oracle knows of a simulation at one point of its history, and whom it blames for what. */
import type { Limits, Receipt } from "./simulation_history.ts";

export interface PlaceState {
  readonly offsets: readonly number[];
  /** Offsets with an outcome, here or elsewhere, or lost. */
  readonly settled: Set<number>;
  committed: number;
}

export interface OwnerState {
  readonly place: PlaceState;
  state: "active" | "draining" | "suspended" | "dropped";
  /** Too many dead letters: only the first that is not done may begin anything. */
  isPaused: boolean;
  /** By an operator: nothing may begin. */
  isHeld: boolean;
  /** Index of the entry by which it was last let go; -1 before. */
  letGoAt: number;
  readonly receipts: ReceiptState[];
  position: number;
  prefix: number;
  /** Highest offset of which something has begun. */
  highestTouched: number;
  frontier: number;
  /** The commit that it was taken back at; -1 before. */
  readoptedTo: number;
  /** What was gone when it was to be read, and what the group had done meanwhile. */
  readonly notOurs: { readonly from: number; readonly to: number }[];
}

export interface ReceiptState extends Receipt {
  readonly owner: OwnerState;
  attempt: number;
  running: "no" | "handler" | "letter";
  isTouched: boolean;
  /** How the last attempt ended. */
  last: "none" | "ok" | "failed" | "permanent" | "fatal" | "abandoned";
  /** Where its dead letters are. */
  readonly letters: number[];
  outcome: string | null;
}

export class Ledger {
  readonly violations: string[] = [];
  readonly limits: Limits;
  readonly places = new Map<string, PlaceState>();
  readonly owners = new Map<number, OwnerState>();
  readonly receipts = new Map<number, ReceiptState>();
  /** Those that hold a slot. */
  readonly running = new Set<ReceiptState>();
  hasLease = true;
  /** Index of the entry that is looked at. */
  at = 0;

  constructor(limits: Limits) {
    this.limits = limits;
  }

  place(name: string): PlaceState {
    return known(this.places.get(name), `Name the log first: ${name}`);
  }

  owner(id: number): OwnerState {
    return known(this.owners.get(id), `Assign the owner first: ${id}`);
  }

  receipt(id: number): ReceiptState {
    return known(this.receipts.get(id), `Deliver the message first: ${id}`);
  }

  blame(what: string, receipt?: ReceiptState): void {
    const of = receipt === undefined ? "" : ` (receipt ${receipt.id}, offset ${receipt.offset})`;
    this.violations.push(`entry ${this.at}: ${what}${of}`);
  }
}

function known<T>(value: T | undefined, otherwise: string): T {
  if (value === undefined) throw new Error(otherwise);
  return value;
}
