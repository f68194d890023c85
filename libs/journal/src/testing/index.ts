export { journalConformance } from "./conformance.ts";
export {
  batchesFrom,
  type CommitFault,
  type JournalFixture,
  type JournalUnderTest,
  Owner,
  recordBytes,
} from "./fixture.ts";
export { type DiskFaults, MemoryDisk } from "./memory-disk.ts";
