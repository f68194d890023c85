/** A minimal machine. It is correct unless a test makes it break one rule of the contract. */

import { WorkStatus } from "@tutti/contracts/types/v1";
import { defineErrors } from "../../errors/catalogue.ts";
import type { InstanceKey } from "../../machine/instance-key.ts";
import type { Command, Machine, MachineEvent, Outstanding, ReadOnly } from "../../machine/machine.ts";
import type { WireCodec, WireWriter } from "../../machine/wire.ts";

export interface Counter {
  count: number;
  readonly reminders: Map<number, { dueMs: number }>;
  readonly letters: number[];
}

/** The fault of a faulty counter. */
export type Fault =
  | "decider changes a number"
  | "decider changes a map"
  | "decider changes a list"
  | "decider changes its command"
  | "refusal after an event"
  | "event of no table"
  | "older event emitted"
  | "timer not noted"
  | "timer not recovered"
  | "timer never cleared"
  | "attempt used again"
  | "snapshot forgets"
  | "fold keeps a memory"
  | "codec forgets"
  | "description changes silently"
  | "emits later"
  | "message to nowhere"
  | "message of no table";

export interface Add {
  by: number;
}

const errors = defineErrors("counterfixture", {
  tooMuch: {
    status: "OUT_OF_RANGE",
    retry: "never",
    help: "Add less.",
    message: () => "add less",
    remedy: "",
  },
});

export const counterKey: InstanceKey = { namespace: "default", kind: "counter", id: "one" };
export const otherKey: InstanceKey = { namespace: "default", kind: "counter", id: "two" };

export interface CounterMachine {
  readonly machine: Machine<Counter>;
  readonly add: Command<Counter, Add, Add>;
  readonly remind: Command<Counter, Add, Add>;
  readonly tell: Command<Counter, Add, Add>;
}

export function counter(fault?: Fault): CounterMachine {
  let remembered = 0;
  let later: (() => void) | undefined;
  const codec = jsonCodec<Add>(fault === "codec forgets" ? "by" : undefined);
  const event = (
    type: string,
    evolve: MachineEvent<Counter>["evolve"],
    version = 1,
  ): MachineEvent<Counter, unknown, Add> => ({ type, version, codec, evolve, described: type === "ended" });

  const added = event(
    "added",
    (state, body) => {
      if (fault === "fold keeps a memory") remembered += body.by;
      state.count += fault === "fold keeps a memory" ? remembered : body.by;
    },
    2,
  );
  const addedV1 = event("added", (state, { by }) => {
    state.count += by;
  });
  const stranger = event("stranger", () => {});
  const reminderSet = event("reminder_set", (state, { by: dueMs }, outstanding) => {
    state.reminders.set(1, { dueMs });
    if (fault !== "timer not noted") outstanding.timer(1, dueMs);
    if (fault === "attempt used again")
      for (const attempt of [1, 1]) {
        outstanding.settled(1);
        outstanding.effect(1, attempt, {});
      }
  });
  const reminded = event("reminded", (state, _, outstanding) => {
    if (fault === "timer never cleared") return;
    state.reminders.delete(1);
    outstanding.cleared(1);
  });

  const add: Command<Counter, Add, Add> = {
    type: "add",
    codec,
    reply: jsonCodec<Add>(),
    decide(state, body, step) {
      later?.();
      if (body.by > 100) {
        if (fault === "refusal after an event") step.emit(added, { by: 1 });
        return errors.tooMuch.refusal();
      }
      misbehave(fault, state as Counter, body);
      if (fault === "event of no table") step.emit(stranger, { by: 1 });
      if (fault === "older event emitted") step.emit(addedV1, { by: 1 });
      if (fault === "emits later") later = () => step.emit(added, { by: 1 });
      step.emit(added, { by: body.by });
      return { by: state.count };
    },
  };
  const remind: Command<Counter, Add, Add> = {
    type: "remind",
    codec,
    reply: jsonCodec<Add>(),
    decide(_, { by }, step) {
      step.emit(reminderSet, { by: step.nowMs + by });
      return { by };
    },
  };
  const tell: Command<Counter, Add, Add> = {
    type: "tell",
    codec,
    reply: jsonCodec<Add>(),
    decide(_, { by }, step) {
      const service = fault === "message to nowhere" ? "elsewhere" : "test";
      const message = fault === "message of no table" ? { type: "unheard", codec } : add;
      step.send({ service, ...otherKey }, message, { by });
      return { by };
    },
  };
  const machine: Machine<Counter> = {
    kind: "counter",
    behaviour: 1,
    create: () => ({ count: 0, reminders: new Map(), letters: [0] }),
    commands: [add, remind, tell],
    events: [addedV1, added, reminderSet, reminded],
    queries: [],
    expire: (_, __, step) => step.emit(reminded, { by: 0 }),
    snapshots: snapshots(fault),
    recover(state: ReadOnly<Counter>, outstanding: Outstanding) {
      if (fault === "timer not recovered") return;
      for (const [number, { dueMs }] of state.reminders) outstanding.timer(number, dueMs);
      if (fault === "attempt used again" && state.reminders.size > 0) outstanding.effect(1, 1, {});
    },
    describe: (state) => ({
      status: WorkStatus.WORK_STATUS_RUNNING,
      definition: "",
      labels: fault === "description changes silently" ? { count: String(state.count) } : {},
      idChosen: true,
    }),
    project: ({ count, reminders, letters }) => ({ count, reminders: [...reminders], letters }),
  };
  return { machine, add, remind, tell };
}

/** Casts away the types that prevent these faults: the harness must find them without the compiler. */
function misbehave(fault: Fault | undefined, state: Counter, body: Add): void {
  if (fault === "decider changes a number") state.count += 1;
  if (fault === "decider changes a map") state.reminders.set(9, { dueMs: 1 });
  if (fault === "decider changes a list") state.letters.push(1);
  if (fault === "decider changes its command") body.by += 1;
}

function snapshots(fault: Fault | undefined): Machine<Counter>["snapshots"] {
  return {
    version: 2,
    encode: ({ count, reminders, letters }) =>
      Buffer.from(
        JSON.stringify({
          count: fault === "snapshot forgets" ? 0 : count,
          reminders: [...reminders],
          letters,
        }),
      ),
    decode(bytes, version) {
      if (version < 1 || version > 2) throw new Error(`version ${version} is unknown`);
      const { count, reminders, letters } = JSON.parse(Buffer.from(bytes).toString());
      return { count, reminders: new Map(reminders), letters };
    },
  };
}

function jsonCodec<Body extends object>(forgotten?: string): WireCodec<Body> {
  return {
    encode: (body, writer?: WireWriter) =>
      writer?.string(JSON.stringify({ ...body, ...(forgotten === undefined ? {} : { [forgotten]: 0 }) })),
    decode(bytes) {
      const [length = 0] = bytes;
      if (length !== bytes.length - 1) throw new RangeError("the message is cut off");
      return JSON.parse(Buffer.from(bytes.subarray(1)).toString());
    },
    toJSON: (body) => body,
  };
}
