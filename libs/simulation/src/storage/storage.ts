/** What a process stands on: its journal and its archive, real ones on faulty ground. */
import type { Archive, Journal } from "@tutti/journal";
import type { JournalSource } from "@tutti/runtime";
import type { CrashKind, Life } from "../world/process.ts";

export interface OpenedStorage {
  readonly journals: JournalSource;
  readonly archive: Archive;
  /** What was open when the process ends gracefully. */
  close(): Promise<void>;
}

export interface Storage {
  /** Opens the stored data for a new life of a process. Throws when that does not work at the moment. */
  open(life: Life): Promise<OpenedStorage>;
  /** A life that had it open has ended. */
  died(life: Life, how: CrashKind): void;
  /** From now on nothing fails. */
  settleDown(): void;
  /** Everything is closed: checks all that is there. */
  verify(): Promise<void>;
}

/** Stands between the runtime and a journal or an archive, to weaken what they promise. */
export interface StorageSeams {
  journal?(journal: Journal, life: Life): Journal;
  archive?(archive: Archive, life: Life): Archive;
}
