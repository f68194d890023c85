/** The least that is a machine and sleeps: it is started, waits for a day far ahead, and nothing else becomes of it. */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { Cursor, FlatWriter } from "@tutti/contracts/wire";
import { type Command, kernelErrors, type Machine, type MachineEvent, type WireCodec } from "@tutti/kernel";

export interface Sleeper {
  dueMs: number;
}

export const sleeperKind = "sleeper";

const dueCodec: WireCodec<number> = {
  encode: (dueMs, writer = new FlatWriter()) => writer.uint32(9).double(dueMs),
  decode(bytes) {
    const cursor = new Cursor(bytes);
    cursor.uint32();
    return cursor.double();
  },
  toJSON: (dueMs) => dueMs,
};

const nothingCodec: WireCodec<undefined> = { encode() {}, decode: () => undefined, toJSON: () => ({}) };

const fellAsleep: MachineEvent<Sleeper, never, number> = {
  type: "fell_asleep",
  version: 1,
  codec: dueCodec,
  evolve(sleeper, dueMs, outstanding) {
    sleeper.dueMs = dueMs;
    outstanding.timer(1, dueMs);
  },
};

const wokeUp: MachineEvent<Sleeper, never, undefined> = {
  type: "woke_up",
  version: 1,
  codec: nothingCodec,
  described: true,
  evolve(sleeper, _, outstanding) {
    sleeper.dueMs = 0;
    outstanding.cleared(1);
  },
};

export const sleep: Command<Sleeper, number, undefined> = {
  type: "sleep",
  codec: dueCodec,
  reply: nothingCodec,
  decide(_, dueMs, step) {
    if (step.events === 0) step.emit(fellAsleep, dueMs);
    return undefined;
  },
};

export const sleeper: Machine<Sleeper, never> = {
  kind: sleeperKind,
  behaviour: 1,
  create: () => ({ dueMs: 0 }),
  commands: [sleep],
  events: [fellAsleep, wokeUp],
  queries: [],
  expire: (_, __, step) => step.emit(wokeUp, undefined),
  snapshots: {
    version: 1,
    encode: ({ dueMs }) => new FlatWriter().uint32(9).double(dueMs).finish(),
    decode(bytes, version) {
      if (version !== 1) throw kernelErrors.snapshotUnknown({ kind: sleeperKind, version, newest: 1 });
      return { dueMs: dueCodec.decode(bytes) };
    },
  },
  recover({ dueMs }, outstanding) {
    if (dueMs > 0) outstanding.timer(1, dueMs);
  },
  describe: ({ dueMs }) => ({
    status: dueMs > 0 ? WorkStatus.WORK_STATUS_RUNNING : WorkStatus.WORK_STATUS_COMPLETED,
    definition: "",
    labels: {},
    idChosen: false,
  }),
  project: ({ dueMs }) => ({ dueMs }),
};
