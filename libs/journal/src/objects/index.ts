export type { ObjectBlobs } from "./blobs/object-blobs.ts";
export type { ArchiveCopies } from "./copies.ts";
export { type ArchiveImport, importArchive } from "./importing.ts";
export type { ObjectArchive } from "./object-archive.ts";
export {
  type CopiesOptions,
  type ObjectArchiveOptions,
  type ObjectBlobsOptions,
  type ObjectStoreOptions,
  openCopies,
  openObjectArchive,
  openObjectBlobs,
  openObjectStore,
  openS3Blobs,
} from "./open.ts";
export { type ObjectLimits, objectLimits } from "./settings.ts";
export type { ObjectStore } from "./store/object-store.ts";
export type { S3Foundation, S3Settings } from "./store/s3-objects.ts";
