export { BatchFeed } from "./archive-conformance/batch-feed.ts";
export type { ArchiveFixture, ArchiveUnderTest } from "./archive-conformance/fixture.ts";
export { plainSearch } from "./archive-conformance/search.ts";
export { type Character, character, crowd, Story, snapshotOf } from "./archive-conformance/story.ts";
export { archiveConformance } from "./archive-conformance.ts";
export { type BlobsFixture, type BlobsUnderTest, blobConformance } from "./blob-conformance.ts";
export { journalConformance } from "./conformance.ts";
export {
  batchesFrom,
  type CommitFault,
  type JournalFixture,
  type JournalUnderTest,
  Owner,
  recordBytes,
} from "./fixture.ts";
export { type LogPart, partsOfLog } from "./log-parts.ts";
export { type DiskFaults, MemoryDisk } from "./memory-disk.ts";
export { repairLog } from "./repaired-log.ts";
