import { defineErrors } from "@tutti/kernel";

/** Errors of blob stores. */
export const blobErrors = defineErrors("blobs", {
  missing: {
    status: "NOT_FOUND",
    retry: "never",
    help: "There is no blob with this hash: it was never put, or nothing named it any more and it was removed.",
    message: ({ name }: { name: string }) => `Blob ${name} not found`,
    remedy: "Restore it from a backup, or run the task that made it again.",
  },
  damaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The content that is stored no longer has the hash that it is named by: a bit flipped, or the file was cut or edited. Put the content again where there is a copy, or restore it from a backup, and look at the disk.",
    message: ({ name, place, found }: { name: string; place: string; found: string }) =>
      `Blob ${name} is damaged: ${place} has content with the hash ${found}`,
    remedy: "Put it again or restore it from a backup, and check the disk.",
  },
  tooLarge: {
    status: "RESOURCE_EXHAUSTED",
    retry: "never",
    help: "The content is larger than a blob may be here. Nothing was stored. Split it, or raise `durable.blobs.bytesMax`.",
    message: ({ bytesMax, found }: { bytesMax: number; found: string }) =>
      `The content has ${found}, more than the maximum of ${bytesMax} bytes, and nothing was stored`,
    remedy: "Split it, or raise `durable.blobs.bytesMax`.",
  },
  outside: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "The range that was asked for starts behind the end of the blob. Ask for one within its size.",
    message: ({ name, offset, size }: { name: string; offset: number; size: number }) =>
      `The range of blob ${name} starts at ${offset}, and the blob has ${size} bytes`,
    remedy: "Read within its size.",
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The process is shutting down and has closed its store of blobs. Nothing was changed. The same call succeeds when the process has started again.",
    message: ({ place }: { place: string }) => `The store of blobs in ${place} is closed`,
    remedy: "Retry after the process has started again.",
  },
  storeAway: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The bucket that has the blobs did not answer. Nothing is lost: work that needs content waits and tries again.",
    message: ({ place, reason }: { place: string; reason: string }) =>
      `The store of blobs at ${place} does not answer: ${reason}`,
    remedy: "Check the address in `durable.blobs.s3` and the server.",
  },
  storeRefused: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The bucket that has the blobs answered with a refusal: the keys are wrong, they lack a permission, or there is no such bucket. Reading, writing, deleting and listing must be allowed.",
    message: ({ place, status, code }: { place: string; status: number; code: string }) =>
      `The store of blobs at ${place} refused a request with ${status} ${code}`,
    remedy: "Correct `durable.blobs.s3`, or the permissions of the key.",
  },
  disordered: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "Content is put as one stream: a header first, then chunks and nothing else. Nothing was stored.",
    message: ({ expected, found }: { expected: string; found: string }) =>
      `The stream of the blob has ${found} instead of ${expected}`,
    remedy: "Send a header first, then chunks.",
  },
  notAsSaid: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The content that came is not what was announced before it: its size or its SHA-256 differs. Nothing was stored. It may have changed while it was sent: read it again and put it again.",
    message: ({ expected, found }: { expected: string; found: string }) =>
      `The content does not match its header: expected ${expected}, got ${found}`,
    remedy: "Read the content again and put it again.",
  },
});
