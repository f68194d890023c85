/**
 * The account of a future release, for tests of upgrades: it has an event and snapshots that the present release cannot
 * read.
 */
import type { Machine, MachineEvent, MachineStep } from "@tutti/kernel";
import { account } from "../machine.ts";

type Account = ReturnType<typeof account.create>;
// biome-ignore lint/suspicious/noExplicitAny: runtimes host machines of any state
type AnyMachine = Machine<any, any>;

const nextEvents = new Map<unknown, MachineEvent<Account>>(
  account.events
    .filter(({ type }) => type === "money_deposited")
    .map((event) => [event, { ...event, version: 2 }]),
);

const nextSnapshots: typeof account.snapshots = {
  ...account.snapshots,
  version: 3,
  decode: (bytes, version) => account.snapshots.decode(bytes, version === 3 ? 2 : version),
};

/** One of its events and its snapshots are newer once its behaviour is active. */
export const nextRelease: AnyMachine = {
  ...account,
  behaviour: 2,
  events: [...account.events, ...nextEvents.values()],
  commands: account.commands.map((command) => ({
    ...command,
    decide: (state, body, step) =>
      command.decide(state, body, step.behaviour >= 2 ? stepWith(step, nextEvents) : step),
  })),
  snapshots: {
    ...nextSnapshots,
    earlier: (behaviour) => (behaviour < 2 ? account.snapshots : undefined),
  },
};

/** The same release without the raised behaviour: a mistake without a warning. */
export const carelessRelease: AnyMachine = {
  ...nextRelease,
  behaviour: 1,
  commands: account.commands.map((command) => ({
    ...command,
    decide: (state, body, step) => command.decide(state, body, stepWith(step, nextEvents)),
  })),
  snapshots: nextSnapshots,
};

/** Returns the step with the events of another table instead of the account's. */
export function stepWith<Effect>(
  step: MachineStep<Account, Effect>,
  events: ReadonlyMap<unknown, MachineEvent<Account>>,
): MachineStep<Account, Effect> {
  return {
    key: step.key,
    get events() {
      return step.events;
    },
    nowMs: step.nowMs,
    cause: step.cause,
    behaviour: step.behaviour,
    settles: step.settles,
    random: () => step.random(),
    emit: (event, body) => step.emit(events.get(event) ?? event, body),
    send: (to, message, body) => step.send(to, message, body),
  };
}
