import type { Archive } from "../../archive/port.ts";
import type { BatchFeed } from "./batch-feed.ts";

/** An archive under test. */
export interface ArchiveFixture extends AsyncDisposable {
  readonly archive: Archive;
  /** Closes the archive gracefully and opens it again. */
  reopen(): Promise<Archive>;
  /** Kills its process and opens the remaining data. */
  crash(): Promise<Archive>;
  /** Opens a copy made by a backup. */
  openBackup(directory: string): Promise<Archive>;
  /** Directory for backups. */
  readonly directory: string;
}

/** The subject of the suite. */
export interface ArchiveUnderTest {
  readonly name: string;
  open(options: { readonly partitions: number; readonly feed: BatchFeed }): Promise<ArchiveFixture>;
}

/** Epoch of the owner, except in tests about owners. */
export const epoch = 1;

/** Start time of these tests. */
export const testStartMs = 1_767_225_600_000;
