import { defineErrors } from "@tutti/kernel";

export const auditErrors = defineErrors("audit", {
  bookNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "The book of the audit was written by a later release, which may have changed what is in it. Start that release or a later one.",
    message: ({ file, found, known }: { file: string; found: number; known: number }) =>
      `expected ${file} to be of format ${known}, found format ${found}; start the release that wrote it, or a later one`,
  },
  bookFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no room for the book of the audit. Nothing that was recorded is lost: journals keep what the book does not have yet. Free space on that disk; the audit goes on by itself.",
    message: () =>
      "expected room on the disk for the book of the audit, found none; free some space, the audit then goes on by itself",
  },
  keyChanged: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Checkpoints were signed with another key than the one in the folder of keys, and that key did not endorse this one. Whoever keeps the first public key could not verify anything that is signed from here on.",
    message: ({ found, known }: { found: string; known: string }) =>
      `expected to go on signing checkpoints with the key ${known}, found the key ${found}; put the folder of keys back from where it is kept`,
  },
  bookMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The journal has an anchor of the audit log, so there was one, and its file is not there. A new one is begun in a new installation only. Restore the folder audit from a backup. To begin a new audit log without the records of the one before, set audit.giveUpCheckpoint to the number of the message; the journal records that.",
    message: ({ file, number }: { file: string; number: number }) =>
      `The audit log ${file} is missing, and the journal has its checkpoint ${number}. Restore the folder audit from a backup, or set audit.giveUpCheckpoint to ${number} to begin a new one.`,
  },
  bookCut: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The last checkpoint is anchored in the journal, and outside of the installation if audit.anchor is set. The audit log ends before its anchor: its end was removed, or an older copy was put in its place. Restore the folder audit from a backup that is as new as the journal.",
    message: ({ where, number, last }: { where: string; number: number; last: number }) =>
      `The audit log ends with checkpoint ${last}, and ${where} has checkpoint ${number}: its end was removed. Restore the folder audit from a backup.`,
  },
  bookOther: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The anchor of the audit log is a checkpoint of another one: the file was exchanged, or written anew. Restore the folder audit from a backup.",
    message: ({ where, number }: { where: string; number: number }) =>
      `Checkpoint ${number} of the audit log is not the one that ${where} has: it is another audit log. Restore the folder audit from a backup.`,
  },
  bookDamaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The file of the audit log is not as it was written, so that no checkpoint can follow the last one. Restore the folder audit from a backup, and check the disk.",
    message: ({ found }: { found: string }) =>
      `The audit log is damaged: found ${found}. Restore the folder audit from a backup, and check the disk.`,
  },
  anchorUnusable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The place outside of the installation where audit.anchor keeps the last checkpoint cannot be read or written. The audit goes on, and tries it again with the next checkpoint.",
    message: ({ anchor, problem }: { anchor: string; problem: string }) =>
      `The anchor ${anchor} of the audit log cannot be used: ${problem}. Check audit.anchor; the next checkpoint tries it again.`,
  },
  chainBroken: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A batch of a journal does not follow the one that the last checkpoint was signed over: the journal was changed, taken back to an earlier state, or exchanged. No checkpoint is made until the journal is the one that was audited, or a new audit begins.",
    message: ({
      service,
      partition,
      batch,
      reason,
    }: {
      service: string;
      partition: number;
      batch: number;
      reason: string;
    }) =>
      `expected batch ${batch} of ${service}/${partition} to follow what was audited, found ${reason}; put the journal back from a backup; to begin a new audit with what is there, set the folder audit of the data directory aside and set audit.giveUpCheckpoint`,
  },
  pageUnsound: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The book of the audit that the processes of a cluster share is not one that this process can go on with: a page of it was changed, or is missing, or a copy was. No checkpoint is made until it is the one that was signed. Exports that were made before still verify.",
    message: ({ number, found }: { number: number; found: string }) =>
      `expected page ${number} of the audit in NATS to be what was signed, found ${found}; put the stream TUTTI_AUDIT back from a backup, or, where the copy of this process is what was changed, remove its folder below cluster.copies`,
  },
  recordUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No record has this id in this namespace, or its bytes were removed when audit.keepDays were over. An id has service, partition, batch and place: workflow/7/10423/3.",
    message: ({ recordId, found }: { recordId: string; found: string }) =>
      `expected the id of a record of this namespace, found ${JSON.stringify(recordId)}, ${found}; search the records for the one that you mean`,
  },
  checkpointUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Checkpoints have the numbers from 1 on; they are made when there is something new.",
    message: ({ number, last }: { number: number; last: number }) =>
      last === 0
        ? "expected a checkpoint, found that none was made yet; ask again when something was done"
        : `expected the number of a checkpoint from 1 to ${last}, found ${number}; list the checkpoints`,
  },
  recordNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A checkpoint holds what was done before it was made. Ask for a later one, or for the latest with 0.",
    message: ({ recordId, checkpoint, first }: { recordId: string; checkpoint: number; first: number }) =>
      `expected the record ${recordId} to be under checkpoint ${checkpoint}, found it first under ${first}; ask for that one or a later one`,
  },
  pageUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "The token of a page is what the page before said, for the same question.",
    message: () => "expected the token of a page, found another text; begin with the first page",
  },
  threadGone: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The thread that keeps the book of the audit has ended. It is started again with the next question; nothing is lost, since journals are kept until they were taken in.",
    message: ({ reason }: { reason: string }) =>
      `expected the audit to answer, found that its thread has ended: ${reason}; ask again`,
  },
});
