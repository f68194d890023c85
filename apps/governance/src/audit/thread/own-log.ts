/**
 * Follows the log of the audit's own process: all its journals in one pass, in the audit thread.
 *
 * 1. Read batches stay here until they are in the book. After a failed checkpoint, the next one has them and
 *    later ones.
 * 2. A reopened book reads the log from its beginning, and skips its own batches.
 * 3. After an error it restarts as well: the position of the last read does not count.
 */
import type { LogPlace } from "@tutti/journal";
import { encodeBatch } from "@tutti/journal/batches";
import { fileDisk, LogReader } from "@tutti/journal/log";
import { ByteBlocks } from "@tutti/kernel";
import type { JournalPart } from "../book/intake.ts";
import { type JournalName, nameOf } from "../book/record.ts";

/** The log up to its durable end, and the services of its journals. */
export interface OwnLog {
  readonly directory: string;
  readonly end: LogPlace;
  readonly services: readonly string[];
}

interface ReadPart extends JournalPart {
  readonly batches: Uint8Array[];
  last: number;
}

export interface NextParts {
  readonly parts: readonly JournalPart[];
  /** True if there is more than requested. */
  readonly isMore: boolean;
}

export class OwnLogFollower {
  readonly #memory = new ByteBlocks();
  #reader: LogReader | undefined;
  #read = new Map<string, ReadPart>();

  /**
   * Returns the batches that the book does not have, up to about a number of bytes.
   * @param recordedUpTo returns the last batch of a journal in the book
   */
  next(log: OwnLog, recordedUpTo: (journal: JournalName) => number, bytesMax: number): NextParts {
    const isWaiting = [...this.#read.values()].some((part) => recordedUpTo(part) < part.last);
    if (!isWaiting) this.#read = new Map();
    const unread = [...this.#read.values()].flatMap(({ batches }) => batches);
    const room = bytesMax - unread.reduce((bytes, batch) => bytes + batch.length, 0);
    if (room <= 0) return { parts: [...this.#read.values()], isMore: true };
    try {
      const isAll = this.#readOn(log, recordedUpTo, room);
      return { parts: [...this.#read.values()], isMore: !isAll };
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    this.#reader?.close();
    this.#reader = undefined;
    this.#read = new Map();
  }

  /**
   * Reads on. Returns whether it reached the end. Skipped batches are not held, so it may read beyond the
   * bytes.
   */
  #readOn(
    { directory, end, services }: OwnLog,
    recordedUpTo: (journal: JournalName) => number,
    bytesMax: number,
  ): boolean {
    this.#reader ??= new LogReader(fileDisk(directory, "read"));
    const own = new Set(services);
    let bytes = 0;
    for (;;) {
      const isAll = this.#reader.read(
        end,
        (journal, batch) => {
          if (!own.has(journal.service)) return;
          const part = this.#partOf(journal, recordedUpTo);
          if (batch.number <= part.last) return;
          const encoded = encodeBatch(journal, batch, this.#memory);
          part.batches.push(encoded);
          part.last = batch.number;
          bytes += encoded.length;
        },
        bytesMax,
      );
      if (isAll || bytes >= bytesMax) return isAll;
    }
  }

  #partOf({ service, partition }: JournalName, recordedUpTo: (journal: JournalName) => number): ReadPart {
    const name = nameOf({ service, partition });
    const known = this.#read.get(name);
    if (known !== undefined) return known;
    const created = { service, partition, batches: [], last: recordedUpTo({ service, partition }) };
    this.#read.set(name, created);
    return created;
  }
}
