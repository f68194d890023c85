/**
 * Checks the book against its anchors: it is compared with them at the start, and each checkpoint is anchored
 * after the book has it.
 *
 * 1. A book that is missing, cut or exchanged is an error, never a new book. A new one starts only without an
 *    anchor, or if the operator has given up the previous one by its number.
 * 2. A temporary failure delays no checkpoint: the next one anchors all before it.
 */
import { existsSync } from "node:fs";
import type { Checkpoint } from "@tutti/contracts/governance/v1";
import { errorFromUnknown, type Logger } from "@tutti/kernel";
import { anchorErrors } from "@tutti/machine-entities/anchor";
import { auditErrors } from "../errors.ts";
import { type AnchorableBook, type AnchoredCheckpoint, checkAgainst } from "./anchor-check.ts";
import type { JournalAnchor } from "./journal-anchor.ts";
import type { OutsideAnchor } from "./outside-anchor.ts";

/** Where the last checkpoint is stored, in addition to the book. */
export interface Anchors {
  readonly journal: Pick<JournalAnchor, "isHere" | "last" | "lastNow" | "put" | "giveUp">;
  readonly outside: OutsideAnchor | undefined;
}

export class Anchoring {
  readonly #anchors: Anchors;
  readonly #giveUpCheckpoint: number;
  readonly #logger: Pick<Logger, "warn">;
  /** Numbers of anchored checkpoints, as far as known. */
  #inJournal = 0;
  #outside: number | undefined;
  #problem = "";

  constructor(anchors: Anchors, giveUpCheckpoint: number, logger: Pick<Logger, "warn">) {
    this.#anchors = anchors;
    this.#giveUpCheckpoint = giveUpCheckpoint;
    this.#logger = logger;
  }

  /** Why the last anchoring failed. Empty without a problem. */
  get problem(): string {
    return this.#problem;
  }

  /**
   * Returns whether the journal knows a book, which is at this file then. Called before the book is opened,
   * because that creates one. Only for a process that is alone.
   */
  async isKnown(file: string, signal: AbortSignal): Promise<boolean> {
    const { journal } = this.#anchors;
    const known = await journal.last(signal);
    if (known === undefined || existsSync(file)) return known !== undefined;
    const { number } = known;
    if (this.#giveUpCheckpoint !== number) throw auditErrors.bookMissing({ file, number });
    await journal.giveUp(known);
    this.#logger.warn("audit log given up because audit.giveUpCheckpoint is set, starting a new one", {
      number,
    });
    return false;
  }

  /** Compares a book with its anchors. Only one process knows the anchor in the journal. */
  async check(book: AnchorableBook, signal: AbortSignal): Promise<void> {
    const { journal, outside } = this.#anchors;
    const known = journal.isHere ? await journal.last(signal) : undefined;
    if (known !== undefined) await checkAgainst(known, "the journal", book);
    this.#inJournal = known?.number ?? 0;
    if (outside === undefined || !journal.isHere) return;
    const found = await this.#lastOutside(outside);
    if (found === "unknown") return;
    const isAbandoned = known === undefined && found?.number === this.#giveUpCheckpoint;
    if (found !== undefined && !isAbandoned) await checkAgainst(found, outside.name, book);
    this.#outside = isAbandoned ? 0 : (found?.number ?? 0);
  }

  async #lastOutside(outside: OutsideAnchor): Promise<AnchoredCheckpoint | undefined | "unknown"> {
    try {
      return await outside.last();
    } catch (error) {
      this.#logFailure(error);
      return "unknown";
    }
  }

  /** Anchors a checkpoint after the book has it. Throws if the journal knows another book. */
  async anchor(checkpoint: Checkpoint, book: AnchorableBook): Promise<void> {
    const { journal } = this.#anchors;
    if (!journal.isHere || checkpoint.number <= this.#inJournal) return;
    try {
      await journal.put(checkpoint);
      this.#inJournal = checkpoint.number;
      this.#problem = "";
    } catch (error) {
      if (anchorErrors.checkpointOther.is(error)) await this.#compare(checkpoint, book);
      else this.#logFailure(error);
    }
  }

  /** Handles a checkpoint that the journal refused: another process may have anchored a later one. */
  async #compare({ number }: Checkpoint, book: AnchorableBook): Promise<void> {
    const known = await this.#anchors.journal.lastNow().catch((error: unknown) => {
      this.#logFailure(error);
      return "unknown" as const;
    });
    if (known === "unknown") return;
    const location = "the journal";
    if (known === undefined || known.number <= number)
      throw auditErrors.bookOther({ where: location, number });
    await checkAgainst(known, location, book);
    this.#inJournal = known.number;
  }

  /**
   * Anchors outside, periodically: the place may be slow. An anchor without a comparison is not overwritten.
   */
  async anchorOutside(checkpoint: Checkpoint | undefined, book: AnchorableBook): Promise<void> {
    const { journal, outside } = this.#anchors;
    if (outside === undefined || checkpoint === undefined || !journal.isHere) return;
    if (this.#outside === undefined) {
      const found = await this.#lastOutside(outside);
      if (found === "unknown") return;
      if (found !== undefined) await checkAgainst(found, outside.name, book);
      this.#outside = found?.number ?? 0;
    }
    if (checkpoint.number <= this.#outside) return;
    try {
      await outside.put(checkpoint);
      this.#outside = checkpoint.number;
      this.#problem = "";
    } catch (error) {
      this.#logFailure(error);
    }
  }

  #logFailure(error: unknown): void {
    const { message } = errorFromUnknown(error);
    if (message !== this.#problem) this.#logger.warn("failed to anchor an audit checkpoint", { error });
    this.#problem = message;
  }
}
