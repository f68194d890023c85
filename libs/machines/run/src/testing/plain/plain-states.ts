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
import type { RunModel } from "./plain-model.ts";
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
  readonly #run: RunModel;
  readonly #states: Readonly<Record<string, StateDocument>>;
  readonly #output: Json | undefined;
  #pendingStages: Stage[];
  /** Actions of the current transition, and the activity of the state. */
  #actions: PlainBody | undefined;
  #activity: PlainBody | undefined;
  #isActivityHandled = false;
  /** Number of starts of each list of actions, by its name. */
  readonly #startCounts = new Map<string, number>();
  #occasion = 0;
  #transitionsAtOnce = 0;

  constructor(run: RunModel, { states = {}, initial = "", output }: WorkflowDocument) {
    this.#run = run;
    this.#states = states;
    this.#output = output;
    this.#pendingStages = [{ enter: initial }];
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
    const stage = this.#pendingStages.shift();
    if (stage === undefined) return this.#rest(this.#states[this.state] ?? {});
    if ("enter" in stage) this.#enter(stage.enter);
    else this.#actions = this.#start(stage.actions, stage.name);
    return true;
  }

  #enter(state: string): void {
    this.state = state;
    this.trail.push(state);
    this.restart();
    this.#actions = undefined;
    this.#activity = undefined;
    this.#isActivityHandled = false;
    this.#pendingStages = this.#stagesOf(this.#states[state]?.entry, `${state}.entry`);
  }

  #rest(state: StateDocument): boolean {
    if (state.final === true) return !this.#run.waitsForStarts && this.#finishRun(state);
    if (this.#try(state.always, "always")) return true;
    if (state.run !== undefined && this.#activity === undefined) {
      this.#activity = this.#start({ run: state.run }, `${this.state}.`);
      return true;
    }
    return this.#tryActivity(state) || this.#trySignals(state) || this.#tryTimes();
  }

  #tryActivity(state: StateDocument): boolean {
    const activity = this.#activity;
    const task = activity?.tasks.get("run");
    if (activity === undefined || task === undefined || !isOver(activity) || this.#isActivityHandled)
      return false;
    if (activity.failures.length === 0) {
      const output = isGood(task) ? task.output : null;
      const event = { name: "done", payload: output };
      return this.#try(state.onDone, "onDone", event, { output }, () => this.#handleActivity());
    }
    const error = { code: task.error };
    const event = { name: "failed", payload: error };
    if (this.#try(state.onFailed, "onFailed", event, { error }, () => this.#handleActivity())) return true;
    return this.#fail(task.error);
  }

  #handleActivity(): void {
    this.#isActivityHandled = true;
  }

  /** Tries the oldest signal that a transition accepts. The others are kept. */
  #trySignals({ on = {} }: StateDocument): boolean {
    const { work } = this.#run;
    for (const buffered of work.signals) {
      const { name, payload } = buffered;
      const forget = () => {
        work.signals = work.signals.filter((signal) => signal !== buffered);
      };
      if (this.#try(on[name], `on.${name}`, { name, payload }, {}, forget, false)) return true;
    }
    return false;
  }

  #tryTimes(): boolean {
    const over = this.#times().slice(0, this.timesPassed);
    for (const [place, [duration, transitions]] of over.entries()) {
      if (place < this.#timesTaken) continue;
      const onTransition = () => {
        this.#timesTaken = place + 1;
      };
      if (
        this.#try(transitions, `after.${duration}`, { name: "after", payload: null }, {}, onTransition, false)
      )
        return true;
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
    transitions: TransitionsDocument | undefined,
    name: string,
    event: Json = this.#run.facts.event ?? null,
    names: Readonly<Record<string, Json>> = {},
    onTransition: () => void = () => {},
    isByItself = true,
  ): boolean {
    for (const [transition, place] of transitionsIn(transitions)) {
      const visibleNames = namesOfRun(this.#run.facts, { ...names, event });
      const guard = conditionOf(transition.when ?? true, visibleNames);
      if ("fails" in guard) return this.#fail(guard.fails);
      if (guard.value !== true) continue;
      if (--this.transitionsMost < 0) return true;
      if (isByItself && this.#isEndless()) return this.#fail("workflow.states_endless");
      if (!isByItself) this.#transitionsAtOnce = 0;
      const vars: Record<string, Json> = {};
      for (const [variable, data] of Object.entries(transition.set ?? {})) {
        const result = valueFrom(data, visibleNames);
        if ("fails" in result) return this.#fail(result.fails);
        vars[variable] = result.value;
      }
      onTransition();
      this.#run.facts.vars = { ...this.#run.facts.vars, ...vars };
      this.#run.facts.event = event;
      this.#exit(transition, `${this.state}.${name}${place}`);
      return true;
    }
    return false;
  }

  #exit({ to, do: actions }: TransitionDocument, name: string): void {
    this.#actions = undefined;
    const exit = this.#stagesOf(this.#states[this.state]?.exit, `${this.state}.exit`);
    const stages = this.#stagesOf(actions, `${name}.do`);
    this.#pendingStages = to === undefined ? stages : [...exit, ...stages, { enter: to }];
    if (to === undefined) return;
    for (const task of this.#activity?.tasks.values() ?? []) this.#run.stop(task);
  }

  #stagesOf(actions: readonly TaskDocument[] | undefined, name: string): Stage[] {
    return actions === undefined || actions.length === 0 ? [] : [{ actions, name }];
  }

  /** Starts actions in sequence: each needs the success of the previous one. */
  #start(actions: readonly TaskDocument[] | { readonly run: TaskDocument }, name: string): PlainBody {
    const number = (this.#startCounts.get(name) ?? 0) + 1;
    this.#startCounts.set(name, number);
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

  #finishRun({ fail, output }: StateDocument): boolean {
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
  transitions: TransitionsDocument | undefined,
): readonly (readonly [TransitionDocument, string])[] {
  if (transitions === undefined) return [];
  if (typeof transitions === "string") return [[{ to: transitions }, ""]];
  if ("length" in transitions) return transitions.map((transition, index) => [transition, `.${index}`]);
  return [[transitions, ""]];
}
