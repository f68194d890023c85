/**
 * The refusals at the edges of a namespace on one day. Each refusal is an event of its own, so that refusals
 * are audited like changes. They have no consequences. The day ends immediately, and is kept as long as its
 * records are.
 */
import { AuditRecord, RecordRefusalsReply, RecordRefusalsRequest } from "@tutti/contracts/governance/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Command, MachineEvent, WireCodec } from "@tutti/kernel";
import { entity } from "../kit/entity.ts";
import type { Encoded } from "../kit/sameness.ts";

interface Day {
  /** Whether there was any refusal. */
  used: boolean;
}

export const refusalKind = "refusal";

/** The runtime adds the other records of a day. */
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

/** A byte: whether there was any refusal. */
const dayCodec: Encoded<Day> & WireCodec<Day> = {
  encode: ({ used }) => ({ finish: () => Uint8Array.of(used ? 1 : 0) }),
  decode: ([used]) => ({ used: used === 1 }),
  toJSON: ({ used }) => ({ used }),
};

export const refusal = entity({
  kind: refusalKind,
  create: (): Day => ({ used: false }),
  commands: [recordRefusals],
  events: [callRefused],
  snapshot: { codec: dayCodec, of: (day: Day) => day, from: (day: Day) => day },
  status: ({ used }) => WorkStatus[used ? "WORK_STATUS_COMPLETED" : "WORK_STATUS_UNSPECIFIED"],
  idChosen: false,
});
