/**
 * The history of a run for people: each event as plain JSON, with the ids of tasks instead of the numbers of
 * nodes.
 *
 * Ids of entries, rounds and additions follow from earlier events, and a reset reuses numbers. So events are
 * read in order from the first, and folded on the way. An event that cannot be folded leaves the names
 * unchanged.
 */
import type { InstanceKey, Machine, Outstanding } from "@tutti/kernel";
import { taskIdOf } from "../../core/state/places.ts";
import type { Run } from "../../core/state/state.ts";
import { historyJsonOf, type RecordedEvent } from "./history-json.ts";

export interface ReadEvent {
  /** Id of its task. Empty if it is about the run. */
  readonly task: string;
  /** Its other data: inputs, outputs, errors, reasons. */
  readonly details: Readonly<Record<string, unknown>>;
}

export class HistoryReader {
  readonly #machine: Machine<Run>;
  readonly #run: Run;
  #isFaulty = false;

  constructor(machine: Machine<Run>, key: InstanceKey) {
    this.#machine = machine;
    this.#run = machine.create(key);
  }

  /** Returns the next event. */
  read(event: RecordedEvent): ReadEvent {
    // Folded first: it may be about a node that it creates.
    this.#fold(event);
    const entry = historyJsonOf(this.#machine, event);
    const { node } = entry;
    // JSON omits a number that is 0.
    const number = numbered[event.type];
    const details = number === undefined ? entry.details : { [number]: 0, ...entry.details };
    return { task: node === undefined ? "" : this.#idOf(node), details: this.#named(details) };
  }

  /** Folds an event only for the names in later events. */
  skip(event: RecordedEvent): void {
    this.#fold(event);
  }

  #fold({ type, version, payload }: RecordedEvent): void {
    const known = this.#machine.events.find((each) => each.type === type && each.version === version);
    if (known === undefined || this.#isFaulty) return;
    try {
      known.evolve(this.#run, known.codec.decode(payload), heedless);
    } catch {
      this.#isFaulty = true;
    }
  }

  #named(details: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const named: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(details)) {
      if (name === "nodes") named["tasks"] = this.#idsOf(value);
      else if (name === "outside") named["needs"] = this.#idsOf(value);
      else if (name === "target") named["target"] = this.#idOf(Number(value));
      else if (name === "state") named["state"] = this.#stateNamed(Number(value));
      else if (name === "transition") named["to"] = this.#enteredBy(Number(value));
      else if (name === "inputs") named["inputs"] = this.#inputsOf(value);
      else if (name === "plan") named["tasks"] = addedBy(value);
      else if (!isInternal.has(name)) named[name] = value;
    }
    return named;
  }

  #idsOf(value: unknown): readonly string[] {
    return Array.isArray(value) ? value.map((each) => this.#idOf(Number(each))) : [];
  }

  /** Returns the inputs by task. */
  #inputsOf(value: unknown): Record<string, unknown> {
    const inputs = (value ?? []) as readonly { readonly node?: number; readonly input?: unknown }[];
    return Object.fromEntries(inputs.map(({ node = 0, input }) => [this.#idOf(node), input]));
  }

  #idOf(node: number): string {
    return node < this.#run.nodeCount ? taskIdOf(this.#run, node) : "";
  }

  #stateNamed(place: number): string {
    return this.#run.plan?.plan.states[place]?.name ?? "";
  }

  /** Returns the state that a transition leads to. Empty if the state stays. */
  #enteredBy(transition: number): string {
    return this.#stateNamed(this.#run.plan?.plan.transitions[transition]?.to ?? -1);
  }
}

/** Events with the number of something besides their task. */
const numbered: Readonly<Record<string, string>> = {
  work_sent_back: "target",
  state_entered: "state",
  transition_taken: "transition",
};

/** The history shows the state after a reset. Places in plans are internal to the machine. */
const isInternal: ReadonlySet<string> = new Set(["snapshot", "scope", "part"]);

/** Returns the ids of the tasks of an addition. The tasks after them represent earlier tasks of the run. */
function addedBy(plan: unknown): readonly string[] {
  if (typeof plan !== "string") return [];
  const { tasks, outside } = JSON.parse(Buffer.from(plan, "base64").toString()) as {
    readonly tasks: readonly { readonly id: string }[];
    readonly outside: readonly unknown[];
  };
  return tasks.slice(0, tasks.length - outside.length).map(({ id }) => id);
}

const heedless: Outstanding<unknown> = { effect() {}, settled() {}, timer() {}, cleared() {} };
