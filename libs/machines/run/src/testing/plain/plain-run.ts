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
import { failureOfAttempts } from "./plain-attempts.ts";
import type { PlainBooks, PlainEnding } from "./plain-books.ts";
import { PlainHand } from "./plain-hand.ts";
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

export class PlainRun implements PlainBooks {
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
  wasTakenBack = false;
  /** Ending of the run after compensation. */
  #wanted: Pick<PlainEnding, "status" | "errors"> = { status: "failed", errors: [] };
  #undoing: (PlainUndo & { readonly effect: PlainEffect }) | undefined;
  /** Effects whose compensation failed before. */
  readonly #triedBefore = new Set<PlainEffect>();
  /** Detached children that are being started without a waiting task. */
  readonly #alone = new Set<PlainTask>();
  readonly work: PlainWork;
  readonly #states: PlainStates | undefined;
  readonly hand: PlainHand;

  constructor({ document, input, script, incarnation, cached = new Map() }: PlainOrder, hints?: Hints) {
    this.cached = cached;
    this.document = document;
    this.script = script;
    const { vars = {} } = document;
    const task = (id: string) => this.task(id);
    this.facts = { input, incarnation, vars, event: undefined, task };
    this.work = new PlainWork(this);
    this.hand = new PlainHand(this);
    if (document.states === undefined) this.bodies.push(bodyOf(document.tasks ?? {}));
    else this.#states = new PlainStates(this, document);
    this.phase = (document.limits ?? []).length > 0 ? "waiting" : "going";
    this.#goOn(hints);
  }

  /** Applies a decision from outside. Returns the problem with it. */
  take(moment: Moment, nowMs = 0, hints?: Hints): string | undefined {
    this.nowMs = nowMs;
    if (moment.kind !== "child asked") this.occasion++;
    const problem = this.#taken(moment, hints);
    if (problem === undefined) this.#goOn(hints);
    return problem;
  }

  /** Continues after a reset. */
  goOnAgain(hints: Hints): void {
    this.wasTakenBack = true;
    this.occasion++;
    this.#goOn(hints);
  }

  #taken(moment: Moment, hints?: Hints): string | undefined {
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
        return this.#takeUndone(moment.taskId, false);
      case "undo timed out":
        return this.#takeUndone(moment.taskId, true);
      case "time":
        return this.#states?.time() ?? (this.#states === undefined ? "it has no states" : undefined);
      case "pause":
      case "resume":
      case "retry":
      case "repair":
      case "update":
        return this.hand.take(moment, hints);
      case "signal":
        this.work.signal(moment.signal, moment.payload);
        return undefined;
      default:
        return this.work.take(moment);
    }
  }

  /** Returns the code of the error with which it refuses an act. Undefined if it accepts. */
  refusalOf(act: Act): string | undefined {
    return this.hand.refusalOf(act);
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

  get standing(): PlainBooks["standing"] {
    if (this.ending !== undefined) return this.ending.status;
    if (this.isPaused) return "paused";
    if (this.phase === "waiting") return "pending";
    return this.phase === "undoing" && this.#wanted.status !== "failed" ? "cancelling" : "running";
  }

  /** Input of its continuation. */
  get next(): Json {
    const { continueAsNew } = this.document;
    if (continueAsNew?.with === undefined) return this.facts.input;
    const made = valueFrom(continueAsNew.with, this.#namesAtEnd());
    return "fails" in made ? null : made.value;
  }

  // Calls of its parts.

  /** Fails the run immediately: open tasks are stopped. */
  fail(error: string): void {
    this.#endAs("failed", [error]);
  }

  /** Completes the run, or continues it as a new one. */
  conclude(output: Json | undefined): void {
    const isContinued = this.#isContinued();
    const made: Evaluated =
      output === undefined || isContinued.value === true
        ? { value: null }
        : valueFrom(output, this.#namesAtEnd());
    if ("fails" in isContinued) this.fail(isContinued.fails);
    else if ("fails" in made) this.fail(made.fails);
    else if (isContinued.value === true) this.#endWith("continued", null);
    else this.#endWith("completed", output === undefined ? this.#outputs() : made.value);
  }

  #isContinued(): Evaluated & { readonly value?: Json } {
    const { continueAsNew } = this.document;
    if (continueAsNew === undefined) return { value: false };
    const isWanted = conditionOf(continueAsNew.when ?? true, this.#namesAtEnd());
    if ("fails" in isWanted || isWanted.value !== true || continueAsNew.with === undefined) return isWanted;
    const input = valueFrom(continueAsNew.with, this.#namesAtEnd());
    return "fails" in input ? input : isWanted;
  }

  /** Waits for limits again, which the run released at its end, if it continues. */
  waitAgain(): void {
    const goesOn = this.phase === "going" || this.phase === "waiting";
    if (goesOn && (this.document.limits ?? []).length > 0) this.phase = "waiting";
  }

  /** Reopens the run. Effects that could not be undone may be undone later. */
  reopen(): void {
    const wasOver = this.phase !== "going";
    const hadEnded = this.phase === "ended";
    this.phase = "going";
    if (hadEnded) this.waitAgain();
    this.isPaused = false;
    this.ending = undefined;
    const effects = [...this.effects, ...this.#takeBack(), ...this.notUndone];
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
      this.leave(part);
      part.status = "cancelled";
    }
  }

  leaveParts(task: PlainTask): void {
    this.#alone.delete(task);
    for (const part of partsOf(task)) if (part !== task && !hasEnded(part)) this.leave(part);
  }

  get waitsForStarts(): boolean {
    return this.#alone.size > 0;
  }

  leave(task: PlainTask): void {
    if (task.isStarting && task.document.parentClose === "abandon") this.#alone.add(task);
  }

  #childAsked(id: string): void {
    const task = this.task(id);
    if (task?.status === "at work") task.isStarting = true;
  }

  #childAnswered({ taskId, isAlone }: Moment & { readonly kind: "child answered" }): void {
    const alone = [...this.#alone].find(({ id }) => id === taskId);
    const task = this.task(taskId);
    if (isAlone && alone !== undefined) this.#alone.delete(alone);
    if (!isAlone && task !== undefined) task.isStarting = false;
  }

  /**
   * Terminates the run without compensation. A repeated request does not wait for detached children either.
   */
  #endByForce(): void {
    const wasAsked = this.phase === "undoing" && this.#wanted.status === "terminated";
    this.#stopAll();
    if (wasAsked) this.#alone.clear();
    this.isPaused = false;
    this.phase = "undoing";
    this.#wanted = { status: "terminated", errors: [] };
  }

  /** Evaluates everything until nothing changes. */
  #goOn({ taken = [], order = [], transitionsMost = Number.POSITIVE_INFINITY }: Hints = {}): void {
    this.work.taken = taken;
    this.work.order = order;
    if (this.#states !== undefined) this.#states.transitionsMost = transitionsMost;
    // Tasks that can no longer run are skipped before the run continues.
    if (this.isPaused || this.phase === "waiting") {
      while ((this.phase === "going" || this.phase === "waiting") && this.work.skip()) {}
      return;
    }
    while (this.phase === "going" && this.#goesOn()) {}
    while (this.phase === "undoing" && this.#undoing === undefined && this.#undoNext()) {}
  }

  /** Advances the run. Returns false if it must wait. */
  #goesOn(): boolean {
    return this.work.look(this.bodies) || this.#conclude() || this.work.stopWaiting();
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
    this.#wanted = { status, errors };
  }

  #stopAll(): void {
    for (const { tasks } of this.bodies) for (const task of tasks.values()) this.stop(task);
    this.effects = [...this.effects, ...this.#takeBack()];
  }

  /** Stops the running compensation: its effect remains. */
  #takeBack(): PlainEffect[] {
    const taken = this.#undoing === undefined ? [] : [this.#undoing.effect];
    this.#undoing = undefined;
    return taken;
  }

  /** Starts the next compensation. Returns false if the run has ended, or a compensation is running. */
  #undoNext(): boolean {
    const { status, errors } = this.#wanted;
    const isKept = status === "terminated" || (status === "failed" && this.document.onFailure === "keep");
    const effect = isKept ? undefined : this.effects.at(-1);
    const waits = effect === undefined ? this.waitsForStarts : this.#alone.has(effect.task);
    if (waits) return false;
    if (effect === undefined) {
      const notUndone = status === "terminated" ? [] : this.notUndone.map(({ task }) => task.id);
      this.phase = "ended";
      this.ending = { status, output: null, errors, notUndone };
      return false;
    }
    this.effects = this.effects.slice(0, -1);
    const { task } = effect;
    const given = task.document.compensate?.with ?? { input: "${{ given }}", output: "${{ output }}" };
    const more = { output: effect.output, given: effect.input, error: { code: errors[0] ?? "" } };
    const input = valueFrom(given, namesOfTask(this.facts, task, more));
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
    this.#goOn();
  }

  #undoes({ id, document }: PlainTask): boolean {
    const { compensate, retry } = document;
    const policy = compensate?.retry ?? retry;
    const outcome = failureOfAttempts(policy, (attempt) =>
      failureOf(answerOf(this.script, undoOf(id), attempt)),
    );
    return outcome === undefined;
  }

  #takeUndone(id: string, isTimedOut: boolean): string | undefined {
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
