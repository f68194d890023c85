import type { Archive } from "../../archive/port.ts";
import type { BatchFeed } from "./batch-feed.ts";

/** An archive under test. */
export interface ArchiveFixture extends AsyncDisposable {
  readonly archive: Archive;
  /** Closes it gracefully and opens what it left. */
  reopen(): Promise<Archive>;
  /** Returns its process dies. Opens what it left. */
  crash(): Promise<Archive>;
  /** Opens a copy that a backup made. */
  openBackup(directory: string): Promise<Archive>;
  /** Where backups may be put. */
  readonly directory: string;
}

/** What the suite is run on. */
export interface ArchiveUnderTest {
  readonly name: string;
  open(options: { readonly partitions: number; readonly feed: BatchFeed }): Promise<ArchiveFixture>;
}

/** Of the owner in these tests, except when it is about owners. */
export const epoch = 1;

/** When everything in these tests starts. */
export const beginMs = 1_767_225_600_000;
