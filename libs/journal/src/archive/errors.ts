import { defineErrors } from "@tutti/kernel";

/** Place of damage in an archive. Parts that could not be determined are absent. */
export interface ArchivePlace {
  readonly file: string;
  readonly table?: string;
  readonly row?: number | string;
}

function shownPlace({ file, table, row }: ArchivePlace): string {
  const inTable = table === undefined ? "" : `, table ${table}`;
  return `${file}${inTable}${row === undefined ? "" : `, row ${row}`}`;
}

/** Errors of an archive. */
export const archiveErrors = defineErrors("archive", {
  damaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the archive (snapshots, history, index) is not what was written there: a bit flipped, or a file was cut, replaced or edited. Nothing damaged is answered. Restore the data directory from a backup, and look at the disk and its memory.",
    message: ({ place, found }: { place: ArchivePlace; found: string }) =>
      `The archive is damaged at ${shownPlace(place)}: ${found}`,
    remedy: "Restore it from a backup and check the disk.",
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no room for snapshots, history or index. Nothing of that commit was written, and the journal keeps everything meanwhile. Free space on that disk.",
    message: ({ reason }: { reason: string }) => `The disk has no space for the archive (${reason})`,
    remedy: "Free disk space. Writing then continues by itself.",
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Reading or writing the archive failed. What was to be written may be there or not. The same is committed again. If it lasts, look at the disk.",
    message: ({ reason }: { reason: string }) => `The archive cannot be read or written: ${reason}`,
    remedy: "Check the disk if the error persists. The operation is retried automatically.",
  },
  fenced: {
    status: "ABORTED",
    retry: "elsewhere",
    help: "Another owner has opened this partition of the archive under a newer epoch. Nothing was written. Ask the new owner. The ownership table names it.",
    message: ({ partition, epoch, newest }: { partition: number; epoch: number; newest: number }) =>
      `Partition ${partition} of the archive has epoch ${newest}, and this owner has epoch ${epoch}`,
    remedy: "Send the request to the new owner.",
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The archive was closed while something was still asked of it, as when a process stops.",
    message: () => "The archive is closed",
    remedy: "Open it again.",
  },
  cursorUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A search is continued with the cursor of an earlier page of the same search, and nothing else. Leave it empty for the first page.",
    message: ({ cursor }: { cursor: string }) => `The cursor "${cursor}" does not belong to this search`,
    remedy: "Start with an empty cursor.",
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The archive was written by a newer version. Use that version or a newer one. An older one does not touch what it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `${file} has format ${version}, and this release reads format ${known}`,
    remedy: "Run the release that wrote it, or a newer one.",
  },
});
