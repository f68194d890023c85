/**
 * The plain interpreter: the outcome of a run, by the rules of the language and nothing else. It has no
 * events, no counters and no numbers. It evaluates all tasks repeatedly until nothing changes. Its input is
 * the order in which work ended. It computes everything else.
 *
 * 1. A task starts when all its needs are met. It is skipped once a need can no longer be met.
 * 2. After a failure, all other tasks continue to their end. Then the run fails with the first unexpected
 *    failure.
 * 3. After a failure or cancellation, completed tasks are undone, last completed first.
 * 4. While the run is paused nothing starts. Running work ends.
 */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Act, Hints, Moment } from "./moments.ts";
import { conditionOf, type Evaluated, valueFrom } from "./names.ts";
import { PlainActs } from "./plain-acts.ts";
import { failureOfAttempts } from "./plain-attempts.ts";
import type { PlainEnding, RunModel } from "./plain-model.ts";
import { namesInBody, namesOfRun, namesOfTask, type PlainFacts } from "./plain-scene.ts";
import { PlainStates } from "./plain-states.ts";
import {
  bodyOf,
  firstOf,
  hasEnded,
  outputsOf,
  type PlainBody,
  type PlainEffect,
  type PlainTask,
  partsOf,
} from "./plain-task.ts";
import { PlainWork } from "./plain-work.ts";
import { answerOf, failureOf, type Script, undoOf } from "./script.ts";

/** An effect that was, or is being, undone. */
export interface PlainUndo {
  readonly task: PlainTask;
  readonly input: Json;
  readonly isDone: boolean;
}

export interface PlainOrder {
  readonly document: WorkflowDocument;
  readonly input: Json;
  readonly script: Script;
  /** Number of the incarnation of an endless run, from 1. */
  readonly incarnation: number;
  /** Reusable outputs by their cache keys. Shared by all runs. */
  readonly cached?: Map<string, Json[]>;
}

export class PlainRun implements RunModel {
  readonly document: WorkflowDocument;
  readonly script: Script;
  readonly cached: Map<string, Json[]>;
  readonly facts: PlainFacts;
  /** Bodies of sibling tasks that belong to the run itself. */
  readonly bodies: PlainBody[] = [];
  /**
   * Codes of the errors that tasks ended with last, by id. Empty for a success. Repetitions do not remove
   * them.
   */
  readonly endings = new Map<string, string>();
  /** All compensations of the run, in order. */
  readonly undone: PlainUndo[] = [];
  /** Effects that can be undone, in the order of their completion. */
  effects: readonly PlainEffect[] = [];
  /** Effects that could not be undone. */
  notUndone: PlainEffect[] = [];
  phase: "waiting" | "going" | "undoing" | "ended";
  isPaused = false;
  ending: PlainEnding | undefined;
  /** Counts decisions from outside: failures on the same occasion happen at the same time. */
  occasion = 0;
  /** The time of the current step. */
  nowMs = 0;
  wasReset = false;
  /** Ending of the run after compensation. */
  #requestedEnding: Pick<PlainEnding, "status" | "errors"> = { status: "failed", errors: [] };
  #undoing: (PlainUndo & { readonly effect: PlainEffect }) | undefined;
  /** Effects whose compensation failed before. */
  readonly #triedBefore = new Set<PlainEffect>();
  /** Detached children that are being started without a waiting task. */
  readonly #detachedStarts = new Set<PlainTask>();
  readonly work: PlainWork;
  readonly #states: PlainStates | undefined;
  readonly acts: PlainActs;

  constructor({ document, input, script, incarnation, cached = new Map() }: PlainOrder, hints?: Hints) {
    this.cached = cached;
    this.document = document;
    this.script = script;
    const { vars = {} } = document;
    const task = (id: string) => this.task(id);
    this.facts = { input, incarnation, vars, event: undefined, task };
    this.work = new PlainWork(this);
    this.acts = new PlainActs(this);
    if (document.states === undefined) this.bodies.push(bodyOf(document.tasks ?? {}));
    else this.#states = new PlainStates(this, document);
    this.phase = (document.limits ?? []).length > 0 ? "waiting" : "going";
    this.#advance(hints);
  }

  /** Applies a decision from outside. Returns the problem with it. */
  apply(moment: Moment, nowMs = 0, hints?: Hints): string | undefined {
    this.nowMs = nowMs;
    if (moment.kind !== "child asked") this.occasion++;
    const problem = this.#applyMoment(moment, hints);
    if (problem === undefined) this.#advance(hints);
    return problem;
  }

  /** Continues after a reset. */
  resumeAfterReset(hints: Hints): void {
    this.wasReset = true;
    this.occasion++;
    this.#advance(hints);
  }

  #applyMoment(moment: Moment, hints?: Hints): string | undefined {
    switch (moment.kind) {
      case "begun":
        if (this.phase !== "waiting") return "it has started before";
        this.phase = "going";
        this.#states?.restart();
        return undefined;
      case "cancel":
        this.#endAs("cancelled", ["workflow.cancelled"]);
        return undefined;
      case "child asked":
        this.#childAsked(moment.taskId);
        return undefined;
      case "child answered":
        this.#childAnswered(moment);
        return undefined;
      case "terminate":
        this.#endByForce();
        return undefined;
      case "withdrawn":
        this.#stopAll();
        this.phase = "ended";
        this.ending = { status: "cancelled", output: null, errors: [], notUndone: [] };
        return undefined;
      case "run timed out":
        if (this.document.timeout === undefined) return "the run may take as long as it wants";
        this.#endAs("failed", ["workflow.run_timed_out"]);
        return undefined;
      case "undone":
        return this.#applyUndone(moment.taskId, false);
      case "undo timed out":
        return this.#applyUndone(moment.taskId, true);
      case "time":
        return this.#states?.time() ?? (this.#states === undefined ? "it has no states" : undefined);
      case "pause":
      case "resume":
      case "retry":
      case "repair":
      case "update":
        return this.acts.apply(moment, hints);
      case "signal":
        this.work.signal(moment.signal, moment.payload);
        return undefined;
      default:
        return this.work.apply(moment);
    }
  }

  /** Returns the code of the error with which it refuses an act. Undefined if it accepts. */
  refusalOf(act: Act): string | undefined {
    return this.acts.refusalOf(act);
  }

  /** Ids of the tasks that wait for a result. */
  get awaited(): readonly string[] {
    return this.tasks.filter((task) => this.work.isAwaited(task)).map(({ id }) => id);
  }

  get undoing(): string | undefined {
    return this.#undoing?.task.id;
  }

  /** Input of the running compensation. */
  get undoInput(): Json {
    return this.#undoing?.input ?? null;
  }

  /** All tasks, including those that are no longer awaited. */
  get tasks(): readonly PlainTask[] {
    return this.bodies.flatMap(({ tasks }) => [...tasks.values()].flatMap(partsOf));
  }

  task(id: string): PlainTask | undefined {
    return this.tasks.findLast((task) => task.id === id);
  }

  /** Progress of a run of states. */
  get states(): PlainStates | undefined {
    return this.#states;
  }

  get status(): RunModel["status"] {
    if (this.ending !== undefined) return this.ending.status;
    if (this.isPaused) return "paused";
    if (this.phase === "waiting") return "pending";
    return this.phase === "undoing" && this.#requestedEnding.status !== "failed" ? "cancelling" : "running";
  }

  /** Input of its continuation. */
  get next(): Json {
    const { continueAsNew } = this.document;
    if (continueAsNew?.with === undefined) return this.facts.input;
    const result = valueFrom(continueAsNew.with, this.#namesAtEnd());
    return "fails" in result ? null : result.value;
  }

  // Calls of its parts.

  /** Fails the run immediately: open tasks are stopped. */
  fail(error: string): void {
    this.#endAs("failed", [error]);
  }

  /** Completes the run, or continues it as a new one. */
  conclude(output: Json | undefined): void {
    const isContinued = this.#isContinued();
    const result: Evaluated =
      output === undefined || isContinued.value === true
        ? { value: null }
        : valueFrom(output, this.#namesAtEnd());
    if ("fails" in isContinued) this.fail(isContinued.fails);
    else if ("fails" in result) this.fail(result.fails);
    else if (isContinued.value === true) this.#endWith("continued", null);
    else this.#endWith("completed", output === undefined ? this.#outputs() : result.value);
  }

  #isContinued(): Evaluated & { readonly value?: Json } {
    const { continueAsNew } = this.document;
    if (continueAsNew === undefined) return { value: false };
    const condition = conditionOf(continueAsNew.when ?? true, this.#namesAtEnd());
    if ("fails" in condition || condition.value !== true || continueAsNew.with === undefined)
      return condition;
    const input = valueFrom(continueAsNew.with, this.#namesAtEnd());
    return "fails" in input ? input : condition;
  }

  /** Waits for limits again, which the run released at its end, if it continues. */
  awaitLimits(): void {
    const isOpen = this.phase === "going" || this.phase === "waiting";
    if (isOpen && (this.document.limits ?? []).length > 0) this.phase = "waiting";
  }

  /** Reopens the run. Effects that could not be undone may be undone later. */
  reopen(): void {
    const wasOver = this.phase !== "going";
    const hadEnded = this.phase === "ended";
    this.phase = "going";
    if (hadEnded) this.awaitLimits();
    this.isPaused = false;
    this.ending = undefined;
    const effects = [...this.effects, ...this.#revertUndo(), ...this.notUndone];
    for (const effect of this.notUndone) this.#triedBefore.add(effect);
    this.effects = effects.sort((one, other) => one.completedAs - other.completedAs);
    this.notUndone = [];
    if (wasOver) this.#states?.restart();
  }

  isBeingUndone(task: PlainTask): boolean {
    return this.#undoing?.task === task && task.status === "completed";
  }

  stop(task: PlainTask): void {
    if (hasEnded(task)) return;
    for (const part of partsOf(task)) {
      if (hasEnded(part)) continue;
      this.detach(part);
      part.status = "cancelled";
    }
  }

  detachParts(task: PlainTask): void {
    this.#detachedStarts.delete(task);
    for (const part of partsOf(task)) if (part !== task && !hasEnded(part)) this.detach(part);
  }

  get waitsForStarts(): boolean {
    return this.#detachedStarts.size > 0;
  }

  detach(task: PlainTask): void {
    if (task.isStarting && task.document.parentClose === "abandon") this.#detachedStarts.add(task);
  }

  #childAsked(id: string): void {
    const task = this.task(id);
    if (task?.status === "running") task.isStarting = true;
  }

  #childAnswered({ taskId, isAlone }: Moment & { readonly kind: "child answered" }): void {
    const alone = [...this.#detachedStarts].find(({ id }) => id === taskId);
    const task = this.task(taskId);
    if (isAlone && alone !== undefined) this.#detachedStarts.delete(alone);
    if (!isAlone && task !== undefined) task.isStarting = false;
  }

  /**
   * Terminates the run without compensation. A repeated request does not wait for detached children either.
   */
  #endByForce(): void {
    const isRepeated = this.phase === "undoing" && this.#requestedEnding.status === "terminated";
    this.#stopAll();
    if (isRepeated) this.#detachedStarts.clear();
    this.isPaused = false;
    this.phase = "undoing";
    this.#requestedEnding = { status: "terminated", errors: [] };
  }

  /** Evaluates everything until nothing changes. */
  #advance({ consumed = [], order = [], transitionsMost = Number.POSITIVE_INFINITY }: Hints = {}): void {
    this.work.consumed = consumed;
    this.work.order = order;
    if (this.#states !== undefined) this.#states.transitionsMost = transitionsMost;
    // Tasks that can no longer run are skipped before the run continues.
    if (this.isPaused || this.phase === "waiting") {
      while ((this.phase === "going" || this.phase === "waiting") && this.work.skip()) {}
      return;
    }
    while (this.phase === "going" && this.#advanceOnce()) {}
    while (this.phase === "undoing" && this.#undoing === undefined && this.#undoNext()) {}
  }

  /** Advances the run. Returns false if it must wait. */
  #advanceOnce(): boolean {
    return this.work.advance(this.bodies) || this.#conclude() || this.work.stopWaiting();
  }

  /** Ends the run or advances its states. Returns false if there is nothing to do. */
  #conclude(): boolean {
    if (this.#states !== undefined) return this.#states.step();
    if (this.waitsForStarts) return false;
    const [body] = this.bodies;
    if (body === undefined || ![...body.tasks.values()].every(hasEnded)) return false;
    if (body.failures.length > 0) this.#endAs("failed", firstOf(body.failures));
    else this.conclude(this.document.output);
    return true;
  }

  #endWith(status: "completed" | "continued", output: Json): void {
    this.phase = "ended";
    this.ending = { status, output, errors: [], notUndone: [] };
  }

  /** Ends the run according to rule 3. */
  #endAs(status: "failed" | "cancelled", errors: readonly string[]): void {
    if (this.phase === "undoing" || this.phase === "ended") return;
    this.#stopAll();
    this.isPaused = false;
    this.phase = "undoing";
    this.#requestedEnding = { status, errors };
  }

  #stopAll(): void {
    for (const { tasks } of this.bodies) for (const task of tasks.values()) this.stop(task);
    this.effects = [...this.effects, ...this.#revertUndo()];
  }

  /** Stops the running compensation: its effect remains. */
  #revertUndo(): PlainEffect[] {
    const reverted = this.#undoing === undefined ? [] : [this.#undoing.effect];
    this.#undoing = undefined;
    return reverted;
  }

  /** Starts the next compensation. Returns false if the run has ended, or a compensation is running. */
  #undoNext(): boolean {
    const { status, errors } = this.#requestedEnding;
    const keepsEffects =
      status === "terminated" || (status === "failed" && this.document.onFailure === "keep");
    const effect = keepsEffects ? undefined : this.effects.at(-1);
    const waits = effect === undefined ? this.waitsForStarts : this.#detachedStarts.has(effect.task);
    if (waits) return false;
    if (effect === undefined) {
      const notUndone = status === "terminated" ? [] : this.notUndone.map(({ task }) => task.id);
      this.phase = "ended";
      this.ending = { status, output: null, errors, notUndone };
      return false;
    }
    this.effects = this.effects.slice(0, -1);
    const { task } = effect;
    const expression = task.document.compensate?.with ?? { input: "${{ given }}", output: "${{ output }}" };
    const more = { output: effect.output, given: effect.input, error: { code: errors[0] ?? "" } };
    const input = valueFrom(expression, namesOfTask(this.facts, task, more));
    if ("fails" in input) this.#endUndo({ task, effect, input: null, isDone: false });
    else this.#undoing = { task, effect, input: input.value, isDone: this.#undoes(task) };
    return this.#undoing === undefined;
  }

  /**
   * Selects the next effect to be undone. The order of effects that completed at the same moment, and could
   * not be undone before, is unknown.
   */
  choose(id: string): void {
    const now = this.#undoing?.effect;
    const other = this.effects.findLast(({ task }) => task.id === id);
    if (now === undefined || other === undefined || now.completedMs !== other.completedMs) return;
    if (!this.#triedBefore.has(now) || !this.#triedBefore.has(other)) return;
    this.effects = [...this.effects.filter((effect) => effect !== other), now, other];
    this.#undoing = undefined;
    this.#advance();
  }

  #undoes({ id, document }: PlainTask): boolean {
    const { compensate, retry } = document;
    const policy = compensate?.retry ?? retry;
    const outcome = failureOfAttempts(policy, (attempt) =>
      failureOf(answerOf(this.script, undoOf(id), attempt)),
    );
    return outcome === undefined;
  }

  #applyUndone(id: string, isTimedOut: boolean): string | undefined {
    const undo = this.#undoing;
    if (undo?.task.id !== id) return `${id} was undone, when ${undo?.task.id ?? "nothing"} was to be`;
    const { compensate, timeout } = undo.task.document;
    const limit = compensate?.timeout ?? timeout;
    const { total } = typeof limit === "object" ? limit : {};
    if (isTimedOut && total === undefined) return `the undoing of ${id} may take as long as it wants`;
    this.#undoing = undefined;
    this.#endUndo({ ...undo, isDone: undo.isDone && !isTimedOut });
    return undefined;
  }

  /** Ends a compensation. A task that was repeated since keeps the status of the repetition. */
  #endUndo({ effect, ...undo }: PlainUndo & { readonly effect: PlainEffect }): void {
    this.undone.push(undo);
    if (!undo.isDone) this.notUndone.push(effect);
    else if (undo.task.status === "completed") undo.task.status = "compensated";
  }

  #namesAtEnd() {
    const [body] = this.bodies;
    return this.#states === undefined && body !== undefined
      ? namesInBody(this.facts, body)
      : namesOfRun(this.facts);
  }

  /** Returns the default output. */
  #outputs(): Json {
    const [body] = this.bodies;
    return this.#states === undefined && body !== undefined ? outputsOf(body) : null;
  }
}
