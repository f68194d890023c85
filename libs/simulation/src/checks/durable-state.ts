/** The state of one instance, folded from its durable events by the machine of the load. */
import type { Outstanding } from "@tutti/kernel";
import type { AnyMachine } from "../counted/counting.ts";
import type { KnownEvent } from "./chronicle.ts";

const noOutstanding: Outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };

export class DurableState<State> {
  readonly value: State;
  readonly #machine: AnyMachine;

  constructor(machine: AnyMachine, key: KnownEvent["key"]) {
    this.#machine = machine;
    this.value = machine.create(key) as State;
  }

  fold({ type, version, body }: Pick<KnownEvent, "type" | "version" | "body">): void {
    const declared = this.#machine.events.find((event) => event.type === type && event.version === version);
    declared?.evolve(this.value, body, noOutstanding);
  }

  project(): unknown {
    return this.#machine.project(this.value);
  }
}
