import { defineErrors } from "@tutti/kernel";

/** Where damage was found in an archive. What could not be told is absent. */
export interface ArchivePlace {
  readonly file: string;
  readonly table?: string;
  readonly row?: number | string;
}

function shownPlace({ file, table, row }: ArchivePlace): string {
  const inTable = table === undefined ? "" : `, table ${table}`;
  return `${file}${inTable}${row === undefined ? "" : `, row ${row}`}`;
}

/** How an archive fails. */
export const archiveErrors = defineErrors("archive", {
  damaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A part of the archive (snapshots, history, index) is not what was written there: a bit flipped, or a file was cut, replaced or edited. Nothing damaged is answered. Restore the data directory from a backup, and look at the disk and its memory.",
    message: ({ place, found }: { place: ArchivePlace; found: string }) =>
      `the archive is damaged at ${shownPlace(place)}: ${found}; restore it from a backup and check the disk`,
  },
  full: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no room for snapshots, history or index. Nothing of that commit was written, and the journal keeps everything meanwhile. Free space on that disk.",
    message: ({ reason }: { reason: string }) =>
      `expected room on the disk for the archive, found none (${reason}); free some space, writing then goes on by itself`,
  },
  failed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "Reading or writing the archive failed. What was to be written may be there or not; the same is committed again. If it lasts, look at the disk.",
    message: ({ reason }: { reason: string }) =>
      `expected the archive to read and write, found ${reason}; it is tried again, look at the disk if it lasts`,
  },
  fenced: {
    status: "ABORTED",
    retry: "elsewhere",
    help: "Another owner has opened this partition of the archive under a newer epoch. Nothing was written. Ask the new owner; the ownership table names it.",
    message: ({ partition, epoch, newest }: { partition: number; epoch: number; newest: number }) =>
      `expected epoch ${newest} or newer for partition ${partition} of the archive, found ${epoch}; this owner was replaced, ask the new one`,
  },
  closed: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The archive was closed while something was still asked of it, as when a process stops.",
    message: () => "expected an open archive, found it closed; open it again",
  },
  cursorUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A search is continued with the cursor of an earlier page of the same search, and nothing else. Leave it empty for the first page.",
    message: ({ cursor }: { cursor: string }) =>
      `expected the cursor of an earlier page of this search, found "${cursor}"; begin with an empty one`,
  },
  formatUnknown: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The archive was written by a newer version. Use that version or a newer one; an older one does not touch what it cannot read.",
    message: ({ file, version, known }: { file: string; version: number; known: number }) =>
      `expected format ${known} in ${file}, found ${version}; use the version of Tutti that wrote it, or a newer one`,
  },
});
