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
} from "./open.ts";
export { type ObjectLimits, objectLimits } from "./settings.ts";
export type { ObjectStore } from "./store/object-store.ts";
