/**
 * The smallest machine that runs a chain: five steps, each an effect that waits for its result. Its events are the same
 * as those of the ceiling.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { Cursor, FlatWriter } from "@tutti/contracts/wire";
import { type Command, kernelErrors, type Machine, type MachineEvent, type WireCodec } from "@tutti/kernel";
import { stepsPerChain } from "../chains/chain.ts";

/** State of a chain: the number of completed steps, and the last output. */
export interface Chain {
  step: number;
  payload: Uint8Array;
}

/** A due step. Its number is the number of the effect. */
export interface StepDue {
  readonly payload: Uint8Array;
}

interface StepCompleted {
  readonly step: number;
  readonly output: Uint8Array;
}

/** Reply of a chain to the result of a step: the output, if this was the last step. */
export interface Progress {
  readonly output: Uint8Array | undefined;
  /** The chain's number, at the end of its id. */
  readonly number: number;
}

export const chainKind = "chain";

const bytesCodec: WireCodec<Uint8Array> = {
  encode: (bytes, writer = new FlatWriter()) => writer.uint32(10).bytes(bytes),
  decode(bytes) {
    const cursor = new Cursor(bytes);
    cursor.uint32();
    return cursor.view().slice();
  },
  toJSON: (bytes) => Buffer.from(bytes).toString(),
};

const stepCodec: WireCodec<StepCompleted> = {
  encode: ({ step, output }, writer = new FlatWriter()) =>
    writer.uint32(8).uint32(step).uint32(18).bytes(output),
  decode(bytes) {
    const cursor = new Cursor(bytes);
    cursor.uint32();
    const step = cursor.uint32();
    cursor.uint32();
    return { step, output: cursor.view().slice() };
  },
  toJSON: ({ step, output }) => ({ step, output: Buffer.from(output).toString() }),
};

const nothingCodec: WireCodec<undefined> = { encode() {}, decode: () => undefined, toJSON: () => ({}) };

const progressCodec: WireCodec<Progress> = {
  encode: ({ output }, writer = new FlatWriter()) => writer.uint32(10).bytes(output ?? nothing),
  decode: (bytes) => ({ output: bytesCodec.decode(bytes), number: 0 }),
  toJSON: ({ output }) => ({ isEnded: output !== undefined }),
};

const chainStarted: MachineEvent<Chain, StepDue, Uint8Array> = {
  type: "chain_started",
  version: 1,
  codec: bytesCodec,
  evolve(chain, payload, outstanding) {
    chain.payload = payload;
    outstanding.effect(1, 1, { payload });
  },
};

const stepCompleted: MachineEvent<Chain, StepDue, StepCompleted> = {
  type: "step_completed",
  version: 1,
  codec: stepCodec,
  evolve(chain, { step, output }, outstanding) {
    chain.step = step;
    chain.payload = output;
    outstanding.settled(step);
    if (step < stepsPerChain) outstanding.effect(step + 1, 1, { payload: output });
  },
};

/** The last step changes the entry of a chain in lists, because the chain has ended. */
const lastStepCompleted: typeof stepCompleted = {
  ...stepCompleted,
  type: "last_step_completed",
  described: true,
};

export const start: Command<Chain, Uint8Array, undefined, StepDue> = {
  type: "start",
  codec: bytesCodec,
  reply: nothingCodec,
  decide(_, payload, step) {
    if (step.events === 0) step.emit(chainStarted, payload);
    return undefined;
  },
};

export const complete: Command<Chain, Uint8Array, Progress, StepDue> = {
  type: "complete",
  codec: bytesCodec,
  reply: progressCodec,
  decide(_, output, step) {
    const number = step.settles?.number ?? 0;
    if (number < stepsPerChain) {
      step.emit(stepCompleted, { step: number, output });
      return continuing;
    }
    step.emit(lastStepCompleted, { step: number, output });
    return { output, number: Number(step.key.id.slice(step.key.id.lastIndexOf("-") + 1)) };
  },
};

export const chain: Machine<Chain, StepDue> = {
  kind: chainKind,
  behaviour: 1,
  create: () => ({ step: 0, payload: nothing }),
  commands: [start, complete],
  events: [chainStarted, stepCompleted, lastStepCompleted],
  queries: [],
  snapshots: {
    version: 1,
    encode: ({ step, payload }) => new FlatWriter().uint32(8).uint32(step).uint32(18).bytes(payload).finish(),
    decode(bytes, version) {
      if (version !== 1) throw kernelErrors.snapshotUnknown({ kind: chainKind, version, newest: 1 });
      const { step, output } = stepCodec.decode(bytes);
      return { step, payload: output };
    },
  },
  recover({ step, payload }, outstanding) {
    if (step < stepsPerChain) outstanding.effect(step + 1, 1, { payload });
  },
  describe: ({ step }) => ({
    status: step < stepsPerChain ? WorkStatus.WORK_STATUS_RUNNING : WorkStatus.WORK_STATUS_COMPLETED,
    definition: "chain",
    labels: {},
    idChosen: false,
  }),
  project: ({ step, payload }) => ({ step, payload: Buffer.from(payload).toString() }),
};

const continuing: Progress = { output: undefined, number: 0 };
const nothing = new Uint8Array(0);
