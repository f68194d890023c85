export { type ArchivePlace, archiveErrors } from "./archive/errors.ts";
export {
  type ArchiveOperation,
  MemoryArchive,
  type MemoryArchiveFault,
  type MemoryArchiveOptions,
} from "./archive/memory/memory-archive.ts";
export { MemoryArchiveStore } from "./archive/memory/memory-archive-store.ts";
export type * from "./archive/port.ts";
export { type FoundEntry, mergedPage } from "./archive/search/merged.ts";
export type { BatchSource } from "./archive/source.ts";
export { openArchive, openArchiveInline } from "./archive/sqlite/open.ts";
export type { SqliteArchive, SqliteArchiveOptions } from "./archive/sqlite/sqlite-archive.ts";
export { ArchiveThread } from "./archive/sqlite/thread/archive-thread.ts";
export {
  type ArchivedPartition,
  type ArchiveVerification,
  archivedBatches,
  verifyArchive,
} from "./archive/sqlite/verify.ts";
export { crc32 } from "./batch/crc32.ts";
export { encodeBatch } from "./batch/encode.ts";
export { DirectoryBlobs } from "./blobs/directory-blobs.ts";
export { blobErrors } from "./blobs/errors.ts";
export { type MemoryBlobStore, MemoryBlobs } from "./blobs/memory-blobs.ts";
export * from "./blobs/port.ts";
export { type BlobVerification, verifyBlobs } from "./blobs/verify.ts";
export type { Disk, DiskFile } from "./disk/disk.ts";
export { fileDisk } from "./disk/file-disk.ts";
export { createPrivateFile } from "./disk/private-file.ts";
export { syncFile, syncFolder } from "./disk/syncing.ts";
export { type DamagePlace, journalErrors } from "./errors.ts";
export {
  type MemoryFault,
  MemoryJournal,
  type MemoryJournalOptions,
  MemoryStore,
} from "./memory/memory-journal.ts";
export * from "./port.ts";
export { partitionKind } from "./records/record-key.ts";
export { RecordScanner } from "./records/record-scanner.ts";
export type { Schedule } from "./segments/host.ts";
export { type LogPlace, LogReader } from "./segments/log-reader.ts";
export type { LogVisitor } from "./segments/log-visitor.ts";
export {
  type Found,
  type OpenedSegments,
  openSegments,
  openSegmentsInline,
  type SegmentsOptions,
} from "./segments/open.ts";
export { roomForNextSegment, type SegmentSizes, segmentSizes } from "./segments/segment-files.ts";
export type { CommittedGroup, SegmentsJournal } from "./segments/segments-journal.ts";
export { type Verification, type VerifiedPartition, verifyDisk, verifySegments } from "./segments/verify.ts";
export { RequestThread, type ThreadAnswer } from "./threads/request-thread.ts";
