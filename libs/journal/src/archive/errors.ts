import { defineErrors } from "@tutti/kernel";

/** Place of damage in an archive. Parts that could not be determined are absent. */
export interface ArchivePlace {
  readonly file: string;
  readonly table?: string;
  readonly row?: number | string;
}

function formatPlace({ file, table, row }: ArchivePlace): string {
  const inTable = table === undefined ? "" : `, table ${table}`;
  return `${file}${inTable}${row === undefined ? "" : `, row ${row}`}`;
}

/** Errors of an archive. */
export const archiveErrors = defineErrors("archive", {
  damaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the archive (snapshots, history, index) differs from the written data: a bit flipped, or a file was truncated, replaced or edited. Damaged data is never returned. Restore the data directory from a backup, and check the disk and the memory.",
    message: ({ place, found }: { place: ArchivePlace; found: string }) =>
      `The archive is damaged at ${formatPlace(place)}: ${found}`,
    remedy: "Restore it from a backup and check the disk.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no space for snapshots, history or index. Nothing of that commit was written, and the journal keeps all data meanwhile. Free space on that disk.",
    message: ({ reason }: { reason: string }) => `The disk has no space for the archive (${reason})`,
    remedy: "Free disk space. Writing then continues automatically.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Reading or writing the archive failed. The data may have been written or not, and the same commit is repeated. If the error persists, check the disk.",
    message: ({ reason }: { reason: string }) => `The archive cannot be read or written: ${reason}`,
    remedy: "Check the disk if the error persists. The operation is retried automatically.",
  },
  fenced: {
    status: "ABORTED",
    retry: "elsewhere",
    help: "Another owner has opened this partition of the archive with a newer epoch. Nothing was written. Send the request to the new owner. The ownership table shows it.",
    message: ({ partition, epoch, newest }: { partition: number; epoch: number; newest: number }) =>
      `Partition ${partition} of the archive has epoch ${newest}, and this owner has epoch ${epoch}`,
    remedy: "Send the request to the new owner.",
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The archive was closed while an operation was in progress, for example because the process is stopping.",
    message: () => "The archive is closed",
    remedy: "Open it again.",
  },
  cursorUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A search continues only with the cursor of an earlier page of the same search. Leave the cursor empty for the first page.",
    message: ({ cursor }: { cursor: string }) => `The cursor "${cursor}" does not belong to this search`,
    remedy: "Start with an empty cursor.",
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A newer release wrote the archive. Run that release or a newer one. An older release does not change an archive that it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `${file} has format ${version}, and this release reads format ${known}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
});
