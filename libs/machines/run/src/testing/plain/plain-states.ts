/**
 * A run that moves from state to state. In a transition, the actions of the old state, of the transition and
 * of the new state are executed in sequence. In a state, transitions that are always open come first. Then
 * come its task, the effects of the end of that task, signals in the order of their arrival, and expired
 * times.
 */
import {
  parseDurationMs,
  type StateDocument,
  type TaskDocument,
  type TransitionDocument,
  type TransitionsDocument,
  type WorkflowDocument,
} from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { conditionOf, valueFrom } from "./names.ts";
import type { PlainBooks } from "./plain-books.ts";
import { namesOfRun } from "./plain-scene.ts";
import { bodyOf, firstOf, hasEnded, isGood, type PlainBody, type PlainTask } from "./plain-task.ts";

const transitionsAtOnceMax = 100;

/** Stage of a transition. */
type Stage =
  | { readonly actions: readonly TaskDocument[]; readonly name: string }
  | { readonly enter: string };

export class PlainStates {
  /** Name of the state. Empty before the first. */
  state = "";
  /** All entered states. */
  readonly trail: string[] = [];
  /** Number of transitions that it may still take. -1 means that it is at the one after. */
  transitionsMost = Number.POSITIVE_INFINITY;
  /** Number of expired times of the state, and of those that led to a transition. */
  timesPassed = 0;
  #timesTaken = 0;
  readonly #run: PlainBooks;
  readonly #states: Readonly<Record<string, StateDocument>>;
  readonly #output: Json | undefined;
  #way: Stage[];
  /** Actions of the current transition, and the activity of the state. */
  #actions: PlainBody | undefined;
  #activity: PlainBody | undefined;
  #isActivityTaken = false;
  /** Number of starts of each list of actions, by its name. */
  readonly #begun = new Map<string, number>();
  #occasion = 0;
  #transitionsAtOnce = 0;

  constructor(run: PlainBooks, { states = {}, initial = "", output }: WorkflowDocument) {
    this.#run = run;
    this.#states = states;
    this.#output = output;
    this.#way = [{ enter: initial }];
    run.facts.event = { name: "start", payload: null };
  }

  /** Bodies of the current state and transition. */
  get bodies(): readonly PlainBody[] {
    return [this.#actions, this.#activity].filter((body) => body !== undefined);
  }

  isPast({ body }: PlainTask): boolean {
    return !this.bodies.includes(body);
  }

  /** Restarts the state as if the run had just entered it. */
  restart(): void {
    this.timesPassed = 0;
    this.#timesTaken = 0;
  }

  time(): string | undefined {
    this.timesPassed++;
    return this.timesPassed > this.#times().length ? `${this.state} has no such time` : undefined;
  }

  /** Executes the next step. Returns false if it must wait. */
  step(): boolean {
    if (this.transitionsMost < 0) return false;
    const actions = this.#actions;
    if (actions !== undefined && !isOver(actions)) return false;
    if (actions !== undefined && actions.failures.length > 0) return this.#fail(firstOf(actions.failures)[0]);
    const stage = this.#way.shift();
    if (stage === undefined) return this.#rest(this.#states[this.state] ?? {});
    if ("enter" in stage) this.#enter(stage.enter);
    else this.#actions = this.#begin(stage.actions, stage.name);
    return true;
  }

  #enter(state: string): void {
    this.state = state;
    this.trail.push(state);
    this.restart();
    this.#actions = undefined;
    this.#activity = undefined;
    this.#isActivityTaken = false;
    this.#way = this.#stagesOf(this.#states[state]?.entry, `${state}.entry`);
  }

  #rest(state: StateDocument): boolean {
    if (state.final === true) return !this.#run.waitsForStarts && this.#end(state);
    if (this.#try(state.always, "always")) return true;
    if (state.run !== undefined && this.#activity === undefined) {
      this.#activity = this.#begin({ run: state.run }, `${this.state}.`);
      return true;
    }
    return this.#tryActivity(state) || this.#trySignals(state) || this.#tryTimes();
  }

  #tryActivity(state: StateDocument): boolean {
    const activity = this.#activity;
    const task = activity?.tasks.get("run");
    if (activity === undefined || task === undefined || !isOver(activity) || this.#isActivityTaken)
      return false;
    if (activity.failures.length === 0) {
      const output = isGood(task) ? task.output : null;
      const event = { name: "done", payload: output };
      return this.#try(state.onDone, "onDone", event, { output }, () => this.#takeActivity());
    }
    const error = { code: task.error };
    const event = { name: "failed", payload: error };
    if (this.#try(state.onFailed, "onFailed", event, { error }, () => this.#takeActivity())) return true;
    return this.#fail(task.error);
  }

  #takeActivity(): void {
    this.#isActivityTaken = true;
  }

  /** Tries the oldest signal that a transition accepts. The others are kept. */
  #trySignals({ on = {} }: StateDocument): boolean {
    const { work } = this.#run;
    for (const kept of work.signals) {
      const { name, payload } = kept;
      const forget = () => {
        work.signals = work.signals.filter((signal) => signal !== kept);
      };
      if (this.#try(on[name], `on.${name}`, { name, payload }, {}, forget, false)) return true;
    }
    return false;
  }

  #tryTimes(): boolean {
    const over = this.#times().slice(0, this.timesPassed);
    for (const [place, [span, ways]] of over.entries()) {
      if (place < this.#timesTaken) continue;
      const take = () => {
        this.#timesTaken = place + 1;
      };
      if (this.#try(ways, `after.${span}`, { name: "after", payload: null }, {}, take, false)) return true;
    }
    return false;
  }

  /** Returns the times of the state, the shortest first. */
  #times() {
    const times = Object.entries(this.#states[this.state]?.after ?? {});
    return times.sort(([one], [other]) => (parseDurationMs(one) ?? 0) - (parseDurationMs(other) ?? 0));
  }

  /** Takes the first transition whose guard is true. Returns true as well if an error has failed the run. */
  #try(
    ways: TransitionsDocument | undefined,
    name: string,
    event: Json = this.#run.facts.event ?? null,
    names: Readonly<Record<string, Json>> = {},
    take: () => void = () => {},
    isByItself = true,
  ): boolean {
    for (const [transition, place] of transitionsIn(ways)) {
      const seen = namesOfRun(this.#run.facts, { ...names, event });
      const held = conditionOf(transition.when ?? true, seen);
      if ("fails" in held) return this.#fail(held.fails);
      if (held.value !== true) continue;
      if (--this.transitionsMost < 0) return true;
      if (isByItself && this.#isEndless()) return this.#fail("workflow.states_endless");
      if (!isByItself) this.#transitionsAtOnce = 0;
      const vars: Record<string, Json> = {};
      for (const [variable, data] of Object.entries(transition.set ?? {})) {
        const made = valueFrom(data, seen);
        if ("fails" in made) return this.#fail(made.fails);
        vars[variable] = made.value;
      }
      take();
      this.#run.facts.vars = { ...this.#run.facts.vars, ...vars };
      this.#run.facts.event = event;
      this.#leave(transition, `${this.state}.${name}${place}`);
      return true;
    }
    return false;
  }

  #leave({ to, do: actions }: TransitionDocument, name: string): void {
    this.#actions = undefined;
    const exit = this.#stagesOf(this.#states[this.state]?.exit, `${this.state}.exit`);
    const way = this.#stagesOf(actions, `${name}.do`);
    this.#way = to === undefined ? way : [...exit, ...way, { enter: to }];
    if (to === undefined) return;
    for (const task of this.#activity?.tasks.values() ?? []) this.#run.stop(task);
  }

  #stagesOf(actions: readonly TaskDocument[] | undefined, name: string): Stage[] {
    return actions === undefined || actions.length === 0 ? [] : [{ actions, name }];
  }

  /** Starts actions in sequence: each needs the success of the previous one. */
  #begin(actions: readonly TaskDocument[] | { readonly run: TaskDocument }, name: string): PlainBody {
    const number = (this.#begun.get(name) ?? 0) + 1;
    this.#begun.set(name, number);
    const named = Object.entries(actions).map(([key, document], index) => {
      const needs = index === 0 || "run" in actions ? [] : [String(index - 1)];
      return [key, { ...(document as TaskDocument), needs }] as const;
    });
    const idOf = (key: string) => `${name}${key}${number > 1 ? `#${number}` : ""}`;
    const body = bodyOf(Object.fromEntries(named), { event: this.#run.facts.event ?? null, idOf });
    this.#run.bodies.push(body);
    return body;
  }

  /** Returns whether too many transitions were taken in one moment without a wait. */
  #isEndless(): boolean {
    if (this.#run.occasion !== this.#occasion) this.#transitionsAtOnce = 0;
    this.#occasion = this.#run.occasion;
    return ++this.#transitionsAtOnce > transitionsAtOnceMax;
  }

  #end({ fail, output }: StateDocument): boolean {
    if (fail === undefined) this.#run.conclude(output ?? this.#output);
    else {
      const message = valueFrom(fail, namesOfRun(this.#run.facts));
      this.#fail("fails" in message ? message.fails : "workflow.state_failed");
    }
    return true;
  }

  #fail(error = ""): boolean {
    this.#run.fail(error);
    return true;
  }
}

function isOver({ tasks }: PlainBody): boolean {
  return [...tasks.values()].every(hasEnded);
}

/** Returns transitions with the names that distinguish their actions. */
function transitionsIn(
  ways: TransitionsDocument | undefined,
): readonly (readonly [TransitionDocument, string])[] {
  if (ways === undefined) return [];
  if (typeof ways === "string") return [[{ to: ways }, ""]];
  if ("length" in ways) return ways.map((one, index) => [one, `.${index}`]);
  return [[ways, ""]];
}
