/**
 * Draws states and the transitions between them. Every state has a transition to the last one, by the signal
 * that ends drawn runs. If a person or agent must act, its result leads onward. Otherwise states may form
 * cycles, with so little work that one step executes it.
 */
import type { StateDocument, TaskDocument, TransitionDocument } from "@tutti/definitions";
import { finishSignal } from "../signals.ts";
import type { Random } from "./random.ts";
import type { Tasks } from "./tasks.ts";
import type { Values } from "./values.ts";

const names = ["p", "q", "r"];
const last = "end";
const anywhere: readonly [string, ...string[]] = ["p", "q", "r", last];

export class States {
  readonly #random: Random;
  readonly #tasks: Tasks;
  readonly #values: Values;
  readonly #isCircling: boolean;

  constructor(random: Random, values: Values, tasks: Tasks) {
    this.#random = random;
    this.#values = values;
    this.#tasks = tasks;
    this.#isCircling = random.happens(0.25);
  }

  all(): { readonly initial: string; readonly states: Readonly<Record<string, StateDocument>> } {
    const states: Record<string, StateDocument> = {};
    for (const name of names.slice(0, this.#random.integer(1, 3))) states[name] = this.#state(name);
    states["bad"] = { final: true, fail: "it was ${{ event.name }}" };
    states[last] = { final: true, ...(this.#random.happens(0.5) && { output: "${{ vars.count }}" }) };
    return { initial: "p", states };
  }

  #state(name: string): StateDocument {
    const random = this.#random;
    const entry = random.happens(0.4) && { entry: this.#actions(`${name}.entry`) };
    const exit = random.happens(0.3) && { exit: this.#actions(`${name}.exit`) };
    const run = random.happens(0.6) && {
      run: this.#action(`${name}.run`),
      onDone: this.#transitions(`${name}.onDone`, "output == 1", this.#onwardFrom(name)),
      ...(random.happens(0.6) && {
        onFailed: this.#transitions(`${name}.onFailed`, "error.code == 't.a'", this.#onwardFrom(name)),
      }),
    };
    const after = random.happens(0.4) && {
      after: {
        "2s": this.#transitions(`${name}.after.2s`, "vars.count > 1"),
        ...(random.happens(0.5) && { "1s": { set: count } }),
      },
    };
    return {
      ...{ ...entry, ...exit, ...run, ...after },
      ...(random.happens(0.3) && {
        always: { to: random.pick(...this.#onwardFrom(name)), when: "vars.count > 2" },
      }),
      on: {
        [finishSignal]: last,
        go: this.#transitions(`${name}.on.go`, "event.payload.n == 2"),
        ...(random.happens(0.4) && { stop: "bad" }),
      },
    };
  }

  #transitions(path: string, guard: string, targets = anywhere): TransitionDocument[] {
    const random = this.#random;
    return Array.from({ length: random.integer(1, 2) }, (_, index) => ({
      ...(random.happens(0.8) && { to: random.pick(...targets) }),
      ...(random.happens(0.5) && { when: random.pick(guard, "vars.count < 2") }),
      ...(random.happens(0.7) && { set: count }),
      ...(!this.#isCircling && random.happens(0.3) && { do: this.#actions(`${path}.${index}.do`) }),
    }));
  }

  #actions(path: string): TaskDocument[] {
    const number = this.#random.integer(1, 2);
    return Array.from({ length: this.#isCircling ? 1 : number }, (_, index) =>
      this.#action(`${path}${index}`),
    );
  }

  #action(path: string): TaskDocument {
    return this.#isCircling
      ? { set: "${{ vars.count }}" }
      : this.#tasks.action(path, ["event.name", "vars.count"], true);
  }

  /** Returns the states after one, and the last. */
  #onwardFrom(name: string): readonly [string, ...string[]] {
    return this.#isCircling ? anywhere : [last, ...names.slice(names.indexOf(name) + 1)];
  }

  /** The payload of a signal. */
  payload() {
    return this.#values.value();
  }
}

const count = { count: "${{ vars.count + 1 }}" };
