/**
 * A door, a machine that ends whenever it is empty and continues when a person enters, as a lock does. Counts all its
 * events, so that a lost record shows.
 */
import { Balance, Deposit } from "@tutti/contracts/bank/v1";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Command, Machine, MachineEvent, Query } from "@tutti/kernel";

/** The number of people inside, and the number of events. */
export interface Door {
  inside: number;
  count: number;
  ringing: boolean;
}

function event(type: string, evolve: (door: Door, who: number) => void, isDescribed = true) {
  const machineEvent: MachineEvent<Door, string, Deposit> = {
    type,
    version: 1,
    codec: Deposit,
    described: isDescribed,
    evolve(door, { amountCents }, outstanding) {
      evolve(door, amountCents);
      door.count++;
      if (door.ringing) outstanding.effect(1, 1, "ring");
      else outstanding.settled(1);
    },
  };
  return machineEvent;
}

const entered = event("entered", (door, who) => {
  door.inside = who;
});
const left = event("left", (door) => {
  door.inside = 0;
});
/** An event without a visible change. */
const knocked = event("knocked", () => {}, false);
const rung = event("rung", (door) => {
  door.ringing = true;
});
const silenced = event("silenced", (door) => {
  door.ringing = false;
});

/** Replies with the number of events of the door, or 0 if the command was not possible. */
function command(type: string, emits: typeof entered, isPossible: (door: Door, who: number) => boolean) {
  const machineCommand: Command<Door, Deposit, Balance> = {
    type,
    codec: Deposit,
    reply: Balance,
    decide(door, body, step) {
      if (!isPossible(door as Door, body.amountCents)) return { balanceCents: 0 };
      step.emit(emits, body);
      return { balanceCents: door.count };
    },
  };
  return machineCommand;
}

export const enter = command("enter", entered, ({ inside }) => inside === 0);
export const leave = command("leave", left, ({ inside }, who) => inside === who);
export const knock = command("knock", knocked, ({ count }) => count > 0);
export const ring = command("ring", rung, ({ count, ringing }) => count > 0 && !ringing);
export const silence = command("silence", silenced, ({ ringing }) => ringing);

/** Sends a knock to another door by a message. */
export const visit: Command<Door, Deposit, Balance> = {
  type: "visit",
  codec: Deposit,
  reply: Balance,
  decide(door, body, step) {
    step.send({ service: "bank", ...step.key, id: `a${body.amountCents}` }, knock, { amountCents: 0 });
    return { balanceCents: door.count };
  },
};

export const look: Query<Door, undefined, Door> = {
  type: "look",
  answer: (door) => ({ ...(door as Door) }),
};

/** @param keepMs how long an ended door is kept */
export function doorMachine(keepMs: number, idChosen = false): Machine<Door, string> {
  return {
    kind: "account",
    behaviour: 1,
    isEndless: true,
    create: () => ({ inside: 0, count: 0, ringing: false }),
    commands: [enter, leave, knock, ring, silence, visit],
    events: [entered, left, knocked, rung, silenced],
    queries: [look],
    snapshots: {
      version: 1,
      encode: (door) => new TextEncoder().encode(JSON.stringify(door)),
      decode: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as Door,
    },
    recover(door, outstanding) {
      if (door.ringing) outstanding.effect(1, 1, "ring");
    },
    describe: ({ inside, count }) => ({
      status: inside === 0 && count > 0 ? WorkStatus.WORK_STATUS_COMPLETED : WorkStatus.WORK_STATUS_RUNNING,
      definition: "",
      labels: {},
      idChosen,
      keepMs,
    }),
    project: (door) => ({ ...door }),
  };
}
