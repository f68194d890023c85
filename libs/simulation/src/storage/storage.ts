/** The storage of a process: its journal and its archive, real ones with simulated faults. */
import type { Archive, Journal } from "@tutti/journal";
import type { JournalSource } from "@tutti/runtime";
import type { CrashKind, Life } from "../world/process.ts";

export interface OpenedStorage {
  readonly journals: JournalSource;
  readonly archive: Archive;
  /** Closes the open storage of a process that ends gracefully. */
  close(): Promise<void>;
}

export interface Storage {
  /** Opens the stored data for a new life of a process. Throws if that is impossible now. */
  open(life: Life): Promise<OpenedStorage>;
  /** Called after the death of a life with open storage. */
  died(life: Life, kind: CrashKind): void;
  /** Ends all faults. */
  settleDown(): void;
  /** Checks all stored data after everything is closed. */
  verify(): Promise<void>;
}

/** Hooks between the runtime and a journal or an archive, to weaken their guarantees. */
export interface StorageSeams {
  journal?(journal: Journal, life: Life): Journal;
  archive?(archive: Archive, life: Life): Archive;
}
