/** Acts of people on a run. */
import type { Json } from "@tutti/expressions";
import type { Act, Hints, Moment, Repair } from "./moments.ts";
import { conditionOf, valueFrom } from "./names.ts";
import type { RunModel } from "./plain-model.ts";
import { filledIn, mayAnswer } from "./plain-question.ts";
import { namesOfRun } from "./plain-scene.ts";
import {
  hasEnded,
  isAbandoned,
  type KnownTasks,
  neededBy,
  needsDirectly,
  needsOf,
  type PlainBody,
  type PlainTask,
  partsOf,
  restingOn,
  topmost,
} from "./plain-task.ts";

type ManualAct = Extract<Moment, { readonly kind: "pause" | "resume" | "retry" | "repair" | "update" }>;

export class PlainActs {
  /** Reply to the last update. */
  answer: Json = null;
  readonly #run: RunModel;

  constructor(run: RunModel) {
    this.#run = run;
  }

  apply(act: ManualAct, hints: Hints = {}): string | undefined {
    const refused = this.refusalOf(act);
    if (refused !== undefined) return `${act.kind} was taken, expected it to be refused with ${refused}`;
    switch (act.kind) {
      case "pause":
        this.#run.isPaused = true;
        break;
      case "resume":
        this.#resume(act.taskIds ?? [], hints.resumed);
        break;
      case "retry":
        this.#retry(act.taskIds ?? []);
        break;
      case "repair":
        this.#repair(act.taskId, act.repair);
        break;
      case "update":
        this.#update(act);
    }
    return undefined;
  }

  /** Returns the code of the error. Undefined if the act is accepted, even if it changes nothing. */
  refusalOf(act: Act): string | undefined {
    const { phase } = this.#run;
    if (act.kind === "reset") return undefined;
    if (act.kind === "retry") return this.#refusedRetry(act.taskIds ?? []);
    if (act.kind === "decide") return this.#refusedDecision(act);
    if (phase === "ended") return "workflow.run_ended";
    if (act.kind === "repair") return this.#refusedRepair(act.taskId);
    if (act.kind === "update") return this.#refusedUpdate(act);
    if (act.kind !== "resume") return undefined;
    return act.taskIds?.some((id) => this.#run.task(id) === undefined) ? "workflow.task_missing" : undefined;
  }

  /** @param resumed tasks that resumed with the run. Default: all */
  #resume(ids: readonly string[], resumed?: readonly string[]): void {
    const run = this.#run;
    if (ids.length === 0) run.isPaused = false;
    const selected = ids.length > 0 ? ids : resumed;
    for (const task of run.tasks) {
      if (task.status !== "paused" || selected?.includes(task.id) === false) continue;
      task.status = "running";
      task.visits++;
    }
  }

  /** Returns the unsuccessful tasks of the run itself. */
  unwell(): PlainTask[] {
    const run = this.#run;
    const own = this.#own().flatMap(({ tasks }) => [...tasks.values()]);
    const bad = new Set(["failed", "cancelled", "paused", "compensated"]);
    const isBad = (task: PlainTask) =>
      bad.has(task.status) || run.isBeingUndone(task) || partsOf(task).some(wasUndone);
    return own.filter(isBad);
  }

  /** Bodies that are still active. */
  #own(): readonly PlainBody[] {
    return this.#run.states?.bodies ?? this.#run.bodies;
  }

  #refusedRetry(ids: readonly string[]): string | undefined {
    const { phase, states } = this.#run;
    const known = ids.map((id) => this.#run.task(id));
    if (known.includes(undefined)) return "workflow.task_missing";
    if (states !== undefined && known.some((task) => task !== undefined && states.isPast(topmost(task))))
      return "workflow.task_not_repairable";
    const isOver = phase === "waiting" || ["completed", "continued", "cancelling"].includes(this.#run.status);
    if (isOver) return "workflow.nothing_to_retry";
    const isNothing = phase !== "ended" && this.unwell().length === 0 && ids.length === 0;
    return isNothing ? "workflow.nothing_to_retry" : undefined;
  }

  #retry(ids: readonly string[]): void {
    const run = this.#run;
    const named = ids.flatMap((id) => run.task(id) ?? []).map(topmost);
    const repeated = new Set([...this.unwell(), ...named]);
    run.reopen();
    const resting = new Set([...repeated].flatMap((task) => [...restingOn(task, run)]));
    for (const task of resting) task.sentBack = 0;
    const lists = [...repeated].filter((list) => keepsEntries(list) && !needsAny(list, resting, run));
    run.work.repeat([...resting].filter((task) => !lists.includes(task)));
    for (const list of lists) this.#reopenList(list);
  }

  /** Reopens a list. Good outputs of its entries stay. */
  #reopenList(list: PlainTask): void {
    const isGood = (entry: PlainTask) => entry.status === "completed" && !partsOf(entry).some(wasUndone);
    const bad = (list.entries ?? []).filter((entry) => !isGood(entry) && entry.status !== "skipped");
    list.body.failures = list.body.failures.filter((failed) => failed !== list);
    this.#run.work.repeat(bad);
    Object.assign(list, { status: "running", error: "", output: null });
  }

  #refusedRepair(id: string): string | undefined {
    const { phase } = this.#run;
    const task = this.#run.task(id);
    if (task === undefined) return "workflow.task_missing";
    if (phase !== "going") return "workflow.task_not_repairable";
    if (!hasEnded(task)) return undefined;
    const isPart = task.entry !== undefined || task.body.owner !== undefined;
    const hasStarted = (candidate: PlainTask) =>
      candidate.status !== "pending" && candidate.status !== "skipped";
    const next = this.#run.tasks.filter(
      (candidate) => needsDirectly(candidate, task, this.#run) && !isAbandoned(candidate),
    );
    return isPart || next.some(hasStarted) ? "workflow.task_not_repairable" : undefined;
  }

  /** The run continues from the repair. */
  #repair(id: string, repair: Repair): void {
    const run = this.#run;
    const task = run.task(id);
    if (task === undefined) return;
    if (hasEnded(task)) run.work.repeat(restingOn(task, run));
    for (const part of partsOf(task)) if (part !== task) run.stop(part);
    run.detach(task);
    // Its parts no longer count.
    Object.assign(task, { entries: undefined, rounds: [], added: undefined, pauses: false });
    if (task.status === "pending") task.visits++;
    if ("skips" in repair) {
      task.status = "skipped";
      task.isPassed = false;
      task.countsAsCompleted = repair.skips === "alone";
      if (task.question !== undefined) task.question.isOpen = false;
    } else run.work.finish(task, "error" in repair ? { fails: repair.error } : { value: repair.output });
  }

  #refusedUpdate(act: Act & { readonly kind: "update" }): string | undefined {
    const entry = this.#run.document.updates?.[act.update];
    if (entry === undefined) return "workflow.entry_missing";
    const valid = conditionOf(entry.validate ?? true, namesOfRun(this.#run.facts, { payload: act.payload }));
    if ("fails" in valid) return "workflow.entry_failed";
    if (valid.value !== true) return "workflow.update_refused";
    return this.#updated(act) === undefined ? "workflow.entry_failed" : undefined;
  }

  #update(act: Act & { readonly kind: "update" }): void {
    const { vars, answer } = this.#updated(act) ?? { vars: {}, answer: null };
    this.#run.facts.vars = vars;
    this.answer = answer;
  }

  /** Computes all values with the former variables. The reply sees the updated ones. */
  #updated({ update, payload }: Act & { readonly kind: "update" }) {
    const entry = this.#run.document.updates?.[update];
    const vars = { ...this.#run.facts.vars };
    for (const [name, data] of Object.entries(entry?.set ?? {})) {
      const result = valueFrom(data, namesOfRun(this.#run.facts, { payload }));
      if ("fails" in result) return undefined;
      vars[name] = result.value;
    }
    const answer = valueFrom(entry?.output ?? null, namesOfRun(this.#run.facts, { payload, vars }));
    return "fails" in answer ? undefined : { vars, answer: answer.value };
  }

  #refusedDecision({
    taskId,
    person,
    verdict,
    data = null,
  }: Act & { readonly kind: "decide" }): string | undefined {
    const task = this.#run.task(taskId);
    if (task?.question === undefined) return "workflow.approval_missing";
    if (task.question.answers.get(person) === verdict) return undefined;
    if (!task.question.isOpen || hasEnded(task)) return "workflow.approval_closed";
    if (!mayAnswer(task, person)) return "workflow.approval_not_among";
    const isAccepted = verdict === "no" || filledIn(task.document, data) !== undefined;
    return isAccepted ? undefined : "workflow.approval_invalid";
  }
}

/** Returns whether a task was undone: it is repeated, together with its owner. */
function wasUndone({ status }: PlainTask): boolean {
  return status === "compensated";
}

function keepsEntries(task: PlainTask): boolean {
  return task.entries !== undefined && (task.status !== "completed" || partsOf(task).some(wasUndone));
}

/** Returns whether a list needs any of these tasks: its entries may differ then. */
function needsAny(list: PlainTask, repeated: ReadonlySet<PlainTask>, run: KnownTasks): boolean {
  const needed = [...needsOf(list.document).keys()].map((id) => neededBy(list, id, run));
  return needed.some((task) => task !== undefined && repeated.has(task));
}
