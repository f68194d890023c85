/**
 * What was refused at the edges of a namespace in a day, a machine: each refusal is an event of its own, so that it is audited as
 * what was done is. Nothing follows from them; the day is over at once, and is kept as long as its records are.
 */
import { AuditRecord, RecordRefusalsReply, RecordRefusalsRequest } from "@tutti/contracts/governance/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type Command, kernelErrors, type Machine, type MachineEvent } from "@tutti/kernel";

interface Day {
  /** Whether anything was refused. */
  used: boolean;
}

export const refusalKind = "refusal";
const newest = 1;

/** Whatever else is recorded of a day is what the runtime has to say about it. */
export const callRefused: MachineEvent<Day, never, AuditRecord> = {
  type: "call_refused",
  version: 1,
  codec: AuditRecord,
  described: true,
  evolve(day) {
    day.used = true;
  },
};

export const recordRefusals: Command<Day, RecordRefusalsRequest, RecordRefusalsReply, never> = {
  type: "record_refusals",
  codec: RecordRefusalsRequest,
  reply: RecordRefusalsReply,
  decide(_, { batch, records }, step) {
    for (const record of records) step.emit(callRefused, record);
    return { batch };
  },
};

export const refusal: Machine<Day, never> = {
  kind: refusalKind,
  behaviour: 1,
  isEndless: true,
  create: () => ({ used: false }),
  commands: [recordRefusals],
  events: [callRefused],
  queries: [],
  snapshots: {
    version: newest,
    /** A byte: whether anything was refused. */
    encode: ({ used }) => Uint8Array.of(used ? 1 : 0),
    decode(bytes, version) {
      if (version !== newest) throw kernelErrors.snapshotUnknown({ kind: refusalKind, version, newest });
      return { used: bytes[0] === 1 };
    },
  },
  recover() {},
  describe: ({ used }) => ({
    status: WorkStatus[used ? "WORK_STATUS_COMPLETED" : "WORK_STATUS_UNSPECIFIED"],
    ...{ definition: "", labels: {}, idChosen: false },
  }),
  project: ({ used }) => ({ used }),
};
