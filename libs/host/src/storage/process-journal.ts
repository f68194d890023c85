/**
 * The journal of a process, which all its services share.
 *
 * 1. A journal that has stopped is opened again once, for any number of requests: all get the same new one.
 * 2. It is closed before it is opened again: two writers would destroy the log.
 * 3. As long as it cannot be opened it is retried with growing pauses. Waiters continue when it works.
 */
import { type Journal, journalErrors, type PartitionName } from "@tutti/journal";
import {
  assert,
  type Backoff,
  backoffMs,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  sleep,
  unhealthy,
} from "@tutti/kernel";
import type { JournalSource } from "@tutti/runtime";
import type { JournalHolds } from "./journal-holds.ts";

export interface ProcessJournalParts<J extends Journal> {
  open(): Promise<J>;
  /** Absent if there is no reader of all journals. */
  readonly holds?: Pick<JournalHolds, "neededFrom"> | undefined;
  readonly foundation: Pick<Foundation, "timers" | "chance" | "logger">;
}

const pause: Backoff = { firstMs: 20, maxMs: 5_000 };

export class ProcessJournal<J extends Journal = Journal> implements JournalSource {
  readonly #parts: ProcessJournalParts<J>;
  readonly #stopping = new AbortController();
  #journal: J | undefined;
  #renewing: Promise<J> | undefined;
  #trouble = "";

  constructor(parts: ProcessJournalParts<J>) {
    this.#parts = parts;
  }

  get journal(): J {
    assert(this.#journal !== undefined, "the journal is requested after it was opened", {});
    return this.#journal;
  }

  async start(): Promise<void> {
    this.#journal = await this.#parts.open();
  }

  neededFrom(partition: PartitionName): number {
    return this.#parts.holds?.neededFrom(partition) ?? Number.POSITIVE_INFINITY;
  }

  renew(broken: Journal): Promise<J> {
    if (broken !== this.#journal) return Promise.resolve(this.journal);
    this.#renewing ??= this.#renew(broken).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Waiters for a new journal learn that there will be none. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#renewing?.catch(() => {});
    await this.#journal?.close();
  }

  health(): Health {
    if (this.#renewing !== undefined)
      return unhealthy(`the journal stopped and is being opened again: ${this.#trouble}`);
    const full = this.#journal?.full;
    return full === undefined
      ? healthy
      : unhealthy(`disk full: reads are answered, changes are refused. ${full.message}`);
  }

  async #renew(broken: Journal): Promise<J> {
    const { open, foundation } = this.#parts;
    const { timers, chance, logger } = foundation;
    const { signal } = this.#stopping;
    this.#trouble = "a write failed";
    logger.warn("journal stopped, reopening it");
    await broken.close().catch((error: unknown) => {
      logger.warn("stopped journal did not close cleanly", { error });
    });
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        const journal = await open();
        this.#journal = journal;
        logger.info("journal reopened");
        return journal;
      } catch (error) {
        this.#trouble = errorFromUnknown(error).message;
        logger.error("failed to open the journal, retrying", { error });
      }
      await sleep(timers, backoffMs(pause, failures, chance), signal).catch(() => {});
    }
    throw journalErrors.stopped({ reason: "the process stops" });
  }
}
