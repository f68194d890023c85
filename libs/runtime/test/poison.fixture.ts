/** The bank's account with code that fails at the places that a test sets, like a faulty release. */
import type { Command, MachineEvent } from "@tutti/kernel";
import { account } from "@tutti/machine-bank";
import { stepWith } from "@tutti/machine-bank/testing";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";

type Account = ReturnType<typeof account.create>;

/** Places that fail, by `type id` or by `type` alone. An account's owner is its id here. */
export class Poison {
  readonly decides = new Set<string>();
  /** Fails when everything is decided, before the return. */
  readonly ends = new Set<string>();
  /** Fails after the event is folded: its effect on the state stays. */
  readonly folds = new Set<string>();
  readonly expires = new Set<string>();
  /** Ids whose state cannot be encoded, decoded or described. */
  readonly encodes = new Set<string>();
  readonly decodes = new Set<string>();
  readonly describes = new Set<string>();
  readonly recovers = new Set<string>();
  readonly creates = new Set<string>();

  cure(): void {
    for (const set of Object.values(this)) (set as Set<string>).clear();
  }
}

function strike(poisoned: ReadonlySet<string>, label: string, id: string): void {
  if (poisoned.has(label) || poisoned.has(`${label} ${id}`)) throw new TypeError(`poison in ${label}`);
}

export function poisonedAccount(poison: Poison): AnyMachine {
  const events = new Map(account.events.map((event) => [event, poisonedEvent(event, poison)]));
  return {
    ...account,
    create(key) {
      strike(poison.creates, "create", key.id);
      return account.create(key);
    },
    events: [...events.values()],
    commands: account.commands.map((command) => poisonedCommand(command, events, poison)),
    expire(state, timer, step) {
      strike(poison.expires, "expire", step.key.id);
      account.expire?.(state, timer, stepWith(step, events));
    },
    snapshots: {
      ...account.snapshots,
      encode(state: Account) {
        strike(poison.encodes, "encode", state.owner);
        return account.snapshots.encode(state);
      },
      decode(bytes: Uint8Array, version: number) {
        const state = account.snapshots.decode(bytes, version);
        strike(poison.decodes, "decode", state.owner);
        return state;
      },
    },
    describe(state: Account) {
      strike(poison.describes, "describe", state.owner);
      return account.describe(state);
    },
    recover(state: Account, outstanding) {
      strike(poison.recovers, "recover", state.owner);
      account.recover(state, outstanding);
    },
  };
}

type Events = ReadonlyMap<unknown, MachineEvent<Account>>;

function poisonedEvent(event: MachineEvent<Account>, poison: Poison): MachineEvent<Account> {
  return {
    ...event,
    evolve(state, body, outstanding) {
      event.evolve(state, body, outstanding);
      strike(poison.folds, event.type, state.owner);
    },
  };
}

function poisonedCommand(command: Command<Account>, events: Events, poison: Poison): Command<Account> {
  return {
    ...command,
    decide(state, body, step) {
      strike(poison.decides, command.type, step.key.id);
      const reply = command.decide(state, body, stepWith(step, events));
      strike(poison.ends, command.type, step.key.id);
      return reply;
    },
  };
}
