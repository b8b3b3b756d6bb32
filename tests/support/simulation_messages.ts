/**
 * Judges single messages: what of them may begin and when, how attempts follow each other, and what an outcome must
 * rest on.
 */
import type { EntryOf, MessageEntry } from "./simulation_history.ts";
import type { Ledger, ReceiptState } from "./simulation_ledger.ts";

export class MessageJudge {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  take(entry: MessageEntry): void {
    const receipt = this.#ledger.receipt(entry.id);
    switch (entry.kind) {
      case "started":
        return this.#started(receipt, entry.attempt);
      case "ended":
        return this.#ended(receipt, entry);
      case "letter":
        this.#begins(receipt, "A dead letter was sent");
        return this.#takeSlot(receipt, "letter");
      case "letter_failed":
        return this.#leaveSlot(receipt, "letter");
      case "stored":
        receipt.letters.push(entry.letter);
        return this.#leaveSlot(receipt, "letter");
      case "outcome":
        return this.#outcome(receipt, entry);
      default:
        return this.#told(receipt, entry.kind);
    }
  }

  #started(receipt: ReceiptState, attempt: number): void {
    this.#begins(receipt, "A handler was called");
    if (receipt.running !== "no") this.#ledger.blame("Two attempts overlap", receipt);
    if (attempt !== receipt.attempt + 1 || attempt > this.#ledger.limits.maxAttempts) {
      this.#ledger.blame(`Attempt ${attempt} follows ${receipt.attempt}`, receipt);
    }
    receipt.attempt = attempt;
    receipt.last = "none";
    this.#takeSlot(receipt, "handler");
  }

  #ended(receipt: ReceiptState, { attempt, how }: EntryOf<"ended">): void {
    // The end of an attempt that was abandoned before says nothing.
    if (attempt !== receipt.attempt || receipt.running !== "handler") return;
    this.#leaveSlot(receipt, "handler");
    receipt.last = how;
  }

  #told(receipt: ReceiptState, what: "abandoned" | "retried" | "delayed"): void {
    if (receipt.owner.state === "dropped") {
      this.#ledger.blame(`${what} after the partition was gone`, receipt);
    }
    if (what !== "abandoned") return;
    this.#leaveSlot(receipt, "handler");
    receipt.last = "abandoned";
  }

  /** Something of a message begins: may it, now? */
  #begins(receipt: ReceiptState, what: string): void {
    const { owner, offset, lane } = receipt;
    const blame = (why: string) => this.#ledger.blame(`${what} ${why}`, receipt);
    if (!this.#ledger.hasLease) blame("without the lease");
    if (receipt.outcome !== null) blame("after the outcome");
    if (!owner.receipts.includes(receipt)) blame("of a delivery that was dropped");
    if (owner.state === "suspended" || owner.state === "dropped") blame(`while ${owner.state}`);
    if (owner.state === "draining" && offset > owner.frontier) {
      blame(`above the frontier ${owner.frontier}`);
    }
    if (!receipt.isTouched && offset < owner.readoptedTo) blame("for what was done elsewhere");
    const first = owner.receipts.find(({ outcome }) => outcome === null);
    if (owner.isPaused && first !== receipt) blame("while paused");
    if (owner.isHeld) blame("while held still");
    const earlier = owner.receipts.find((each) =>
      each.offset < offset && each.lane === lane && each.outcome === null
    );
    if (earlier !== undefined) blame(`before offset ${earlier.offset} of its key`);
    receipt.isTouched = true;
    owner.highestTouched = Math.max(owner.highestTouched, offset);
  }

  #takeSlot(receipt: ReceiptState, what: "handler" | "letter"): void {
    const { running, limits } = this.#ledger;
    receipt.running = what;
    if (receipt.owner.state !== "dropped") running.add(receipt);
    if (running.size > limits.concurrency) this.#ledger.blame(`${running.size} run at once`);
  }

  #leaveSlot(receipt: ReceiptState, what: "handler" | "letter"): void {
    if (receipt.running !== what) return;
    receipt.running = "no";
    this.#ledger.running.delete(receipt);
  }

  #outcome(receipt: ReceiptState, { outcome, letter }: EntryOf<"outcome">): void {
    const { owner, offset, is } = receipt;
    if (is !== "event" && outcome !== "elsewhere" && !receipt.isTouched) {
      this.#begins(receipt, "An outcome came");
    }
    if (receipt.outcome !== null) this.#ledger.blame(`Second outcome: ${outcome}`, receipt);
    if (owner.state === "dropped") {
      this.#ledger.blame(`${outcome} after the partition was gone`, receipt);
    }
    if (!this.#hasReason(receipt, outcome)) {
      this.#ledger.blame(`${outcome} without a reason`, receipt);
    }
    if (outcome === "dead_lettered" && !this.#isStored(receipt, letter)) {
      this.#ledger.blame("dead_lettered without an acknowledgement", receipt);
    }
    receipt.outcome = outcome;
    owner.place.settled.add(offset);
  }

  #hasReason(receipt: ReceiptState, outcome: EntryOf<"outcome">["outcome"]): boolean {
    const { owner: { place }, offset, is, last, attempt, isTouched } = receipt;
    switch (outcome) {
      case "processed":
        return is === "event" && last === "ok";
      case "skipped":
        return is === "tombstone";
      case "elsewhere":
        return !isTouched && place.settled.has(offset);
      case "dead_lettered":
        if (is !== "event" || last === "permanent") return is !== "tombstone";
        return attempt === this.#ledger.limits.maxAttempts &&
          (last === "failed" || last === "abandoned");
    }
  }

  #isStored({ letters }: ReceiptState, letter: number | null): boolean {
    return letter === null ? !this.#ledger.limits.hasDeadLetters : letters.includes(letter);
  }
}
