/** Machines with one changed behaviour. */
import type { AnyMachine } from "../counted/counting.ts";

// biome-ignore lint/suspicious/noExplicitAny: bodies and states of many kinds, each changed in its own way
export type Any = any;

export interface Alterations {
  /** By event type: replaces the emitted event. */
  readonly emits?: Readonly<Record<string, (body: Any) => Any>>;
  /** By event type: an additional change of the state. */
  readonly folds?: Readonly<Record<string, (state: Any, body: Any) => void>>;
  /** By command type: replaces the received command. */
  readonly receives?: Readonly<Record<string, (body: Any, state: Any) => Any>>;
}

export function altered({
  emits = {},
  folds = {},
  receives = {},
}: Alterations): (machine: AnyMachine) => AnyMachine {
  return (machine) => {
    const events = new Map(
      machine.events.map((event) => {
        const after = folds[event.type];
        if (after === undefined) return [event, event];
        const evolve: typeof event.evolve = (state, body, outstanding) => {
          event.evolve(state, body, outstanding);
          after(state, body);
        };
        return [event, { ...event, evolve }];
      }),
    );
    const stepOf = (step: Any): Any =>
      new Proxy(step, {
        get(target, name) {
          const value = target[name];
          if (name !== "emit") return typeof value === "function" ? value.bind(target) : value;
          return (event: Any, body: Any) =>
            target.emit(events.get(event) ?? event, emits[event.type]?.(body) ?? body);
        },
      });
    const { expire } = machine;
    return {
      ...machine,
      events: [...events.values()],
      commands: machine.commands.map((command) => ({
        ...command,
        decide: (state, body, step) =>
          command.decide(state, receives[command.type]?.(body, state) ?? body, stepOf(step)),
      })),
      ...(expire && { expire: (state: Any, timer: number, step: Any) => expire(state, timer, stepOf(step)) }),
    };
  };
}
