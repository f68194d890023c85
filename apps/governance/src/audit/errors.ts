import { defineErrors } from "@tutti/kernel";

export const auditErrors = defineErrors("audit", {
  bookNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A later release wrote the audit log and may have changed its format. Start that release or a later one.",
    message: ({ file, found, known }: { file: string; found: number; known: number }) =>
      `The audit log ${file} has format ${found}, and this release reads format ${known}`,
    remedy: "Start the release that wrote the audit log, or a newer one.",
  },
  bookFull: {
    status: "RESOURCE_EXHAUSTED",
    retry: "same-key",
    help: "The disk has no space for the audit log. No record is lost: journals keep new records until the audit log has them. Free space on that disk. The audit resumes automatically.",
    message: () => "The disk has no space for the audit log",
    remedy: "Free disk space. The audit resumes automatically.",
  },
  keyChanged: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Another key than the one in the folder of keys signed the checkpoints, and that key did not endorse this one. A verifier with the first public key could not verify later records.",
    message: ({ found, known }: { found: string; known: string }) =>
      `Checkpoints were signed with key ${known}, and the folder of keys has key ${found}`,
    remedy: "Restore the folder of keys.",
  },
  bookMissing: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The journal has an anchor of the audit log, but the file of the audit log is missing. A new audit log starts only in a new installation. Restore the folder audit from a backup. To start a new audit log without the earlier records, set audit.giveUpCheckpoint to the number in the message. The journal records that.",
    message: ({ file, number }: { file: string; number: number }) =>
      `The audit log ${file} is missing, and the journal has its checkpoint ${number}`,
    remedy: ({ number }: { file: string; number: number }) =>
      `Restore the folder audit from a backup, or set audit.giveUpCheckpoint to ${number} to start a new one.`,
  },
  bookCut: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The last checkpoint is anchored in the journal, and outside of the installation if audit.anchor is set. The audit log ends before its anchor: its end was removed, or an older copy replaced it. Restore the folder audit from a backup that is as new as the journal.",
    message: ({ where, number, last }: { where: string; number: number; last: number }) =>
      `The audit log ends with checkpoint ${last}, and ${where} has checkpoint ${number}: its end was removed`,
    remedy: "Restore the folder audit from a backup.",
  },
  bookOther: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The anchor of the audit log is a checkpoint of another audit log: the file was exchanged or rewritten. Restore the folder audit from a backup.",
    message: ({ where, number }: { where: string; number: number }) =>
      `Checkpoint ${number} of the audit log differs from the one in ${where}: it is another audit log`,
    remedy: "Restore the folder audit from a backup.",
  },
  bookDamaged: {
    status: "DATA_LOSS",
    retry: "never",
    help: "The file of the audit log was changed, so no checkpoint can follow the last one. Restore the folder audit from a backup, and check the disk.",
    message: ({ found }: { found: string }) => `The audit log is damaged: ${found}`,
    remedy: "Restore the folder audit from a backup, and check the disk.",
  },
  anchorUnusable: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The external place of audit.anchor for the last checkpoint cannot be read or written. The audit continues, and retries with the next checkpoint.",
    message: ({ anchor, problem }: { anchor: string; problem: string }) =>
      `The anchor ${anchor} of the audit log cannot be used: ${problem}`,
    remedy: "Check `audit.anchor`. The next checkpoint tries it again.",
  },
  chainBroken: {
    status: "DATA_LOSS",
    retry: "never",
    help: "A batch of a journal does not follow the batch that the last checkpoint signed: the journal was changed, reset to an earlier state, or exchanged. No checkpoint is created until the audited journal is restored, or a new audit starts.",
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
    }) => `Batch ${batch} of ${service}/${partition} does not follow the audited journal: ${reason}`,
    remedy: "Restore the journal from a backup, or start a new audit with `audit.giveUpCheckpoint`.",
  },
  pageUnsound: {
    status: "DATA_LOSS",
    retry: "never",
    help: "This process cannot continue the shared audit log of the cluster: a page or a local copy was changed, or a page is missing. No checkpoint is created until the signed page is restored. Earlier exports still verify.",
    message: ({ number, found }: { number: number; found: string }) =>
      `Page ${number} of the audit in NATS differs from what was signed: ${found}`,
    remedy:
      "Restore the stream TUTTI_AUDIT from a backup, or delete the changed copy below `cluster.copies`.",
  },
  recordUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "No record has this id in this namespace, or its bytes were removed when audit.keepDays were over. An id has service, partition, batch and place: workflow/7/10423/3.",
    message: ({ recordId, found }: { recordId: string; found: string }) =>
      `Audit record ${JSON.stringify(recordId)} not found in this namespace: ${found}`,
    remedy: "Search for the record with `tutti audit search`.",
  },
  checkpointUnknown: {
    status: "NOT_FOUND",
    retry: "never",
    help: "Checkpoints are numbered from 1. A checkpoint is created when there are new records.",
    message: ({ number, last }: { number: number; last: number }) =>
      last === 0
        ? `Checkpoint ${number} not found: no checkpoint exists yet`
        : `Checkpoint ${number} not found: there are 1 to ${last}`,
    remedy: "List the checkpoints with `tutti audit checkpoints`.",
  },
  recordNewer: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "A checkpoint contains only earlier records. Request a later checkpoint, or the latest with 0.",
    message: ({ recordId, checkpoint }: { recordId: string; checkpoint: number; first: number }) =>
      `Record ${recordId} is newer than checkpoint ${checkpoint}`,
    remedy: ({ first }: { recordId: string; checkpoint: number; first: number }) =>
      `Use checkpoint ${first} or a later one.`,
  },
  pageUnknown: {
    status: "INVALID_ARGUMENT",
    retry: "never",
    help: "A page token is valid only for the query that returned it.",
    message: () => "The page token is invalid",
    remedy: "Start with the first page.",
  },
  threadGone: {
    status: "UNAVAILABLE",
    retry: "same-key",
    help: "The thread of the audit log has ended. It restarts with the next request. No record is lost, because journals are kept until the audit log has their records.",
    message: ({ reason }: { reason: string }) => `The thread of the audit log ended: ${reason}`,
    remedy: "Send the request again.",
  },
});
