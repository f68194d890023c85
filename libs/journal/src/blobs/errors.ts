import { defineErrors } from "@tutti/kernel";

/** Errors of blob stores. */
export const blobErrors = defineErrors("blobs", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No blob has this hash: it was never stored, or it was removed because no record named it any more.",
    message: ({ name }: { name: string }) => `Blob ${name} not found`,
    remedy: "Restore it from a backup, or rerun the task that created it.",
  },
  damaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The stored content does not match its hash: a bit flipped, or the file was truncated or edited. Store the content again if there is a copy, or restore it from a backup. Check the disk.",
    message: ({ name, place, found }: { name: string; place: string; found: string }) =>
      `Blob ${name} is damaged: ${place} has content with the hash ${found}`,
    remedy: "Store it again or restore it from a backup, and check the disk.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The content exceeds the maximum size of a blob. Nothing was stored. Split it, or raise `durable.blobs.bytesMax`.",
    message: ({ bytesMax, found }: { bytesMax: number; found: string }) =>
      `The content has ${found}, more than the maximum of ${bytesMax} bytes, and nothing was stored`,
    remedy: "Split it, or raise `durable.blobs.bytesMax`.",
  },
  outside: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The requested range starts after the end of the blob. Request a range within its size.",
    message: ({ name, offset, size }: { name: string; offset: number; size: number }) =>
      `The range of blob ${name} starts at ${offset}, and the blob has ${size} bytes`,
    remedy: "Read within its size.",
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The process is shutting down and has closed its blob store. Nothing was changed. Retry after the process has started again.",
    message: ({ place }: { place: string }) => `The store of blobs in ${place} is closed`,
    remedy: "Retry after the process has started again.",
  },
  storeAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The bucket of the blobs did not answer. Nothing is lost: work that needs content waits and retries.",
    message: ({ place, reason }: { place: string; reason: string }) =>
      `The store of blobs at ${place} does not answer: ${reason}`,
    remedy: "Check the address in `durable.blobs.s3` and the server.",
  },
  storeRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The bucket of the blobs rejected the request: the keys are wrong, they lack a permission, or the bucket does not exist. Allow reading, writing, deleting and listing.",
    message: ({ place, status, code }: { place: string; status: number; code: string }) =>
      `The store of blobs at ${place} refused a request with ${status} ${code}`,
    remedy: "Correct `durable.blobs.s3`, or the permissions of the key.",
  },
  disordered: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Content is uploaded as one stream: first a header, then only chunks. Nothing was stored.",
    message: ({ expected, found }: { expected: string; found: string }) =>
      `The stream of the blob has ${found} instead of ${expected}`,
    remedy: "Send a header first, then chunks.",
  },
  notAsSaid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The received content does not match its header: its size or its SHA-256 differs. Nothing was stored. The content may have changed during the upload. Read it again and upload it again.",
    message: ({ expected, found }: { expected: string; found: string }) =>
      `The content does not match its header: expected ${expected}, got ${found}`,
    remedy: "Read the content again and upload it again.",
  },
});
