/**
 * Holds a run, event by event, against the plain interpreter. Which work ended when is taken from the events; what that
 * leads to, and what is wanted done, has to be what the interpreter says.
 */
import { isDeepStrictEqual } from "node:util";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import type { Json } from "@tutti/expressions";
import { type InstanceKey, isRefusal, type Machine, type Outstanding } from "@tutti/kernel";
import type { OfferTask, RunEffect } from "../../effects.ts";
import { taskIdOf } from "../../node/places.ts";
import { showEnding } from "../../queries/run.ts";
import { showTasks } from "../../queries/tasks.ts";
import type { Run } from "../../state.ts";
import { jsonOf } from "../json.ts";
import type { DrawnRun } from "./drawn-run.ts";
import { type PlainEnding, PlainRun } from "./plain-run.ts";
import { hasEnded } from "./plain-task.ts";
import { undoOf } from "./script.ts";

const nothing: Outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };

const statusWords: Readonly<Record<number, string>> = {
  [TaskStatus.TASK_STATUS_PENDING]: "pending",
  [TaskStatus.TASK_STATUS_COMPLETED]: "completed",
  [TaskStatus.TASK_STATUS_FAILED]: "failed",
  [TaskStatus.TASK_STATUS_SKIPPED]: "skipped",
  [TaskStatus.TASK_STATUS_CANCELLED]: "cancelled",
  [TaskStatus.TASK_STATUS_COMPENSATED]: "compensated",
};

const endingWords: Readonly<Record<number, string>> = {
  [WorkStatus.WORK_STATUS_COMPLETED]: "completed",
  [WorkStatus.WORK_STATUS_FAILED]: "failed",
  [WorkStatus.WORK_STATUS_CANCELLED]: "cancelled",
  [WorkStatus.WORK_STATUS_TERMINATED]: "terminated",
};

/** Whether an offer is for the undoing of an effect: drawn definitions undo with capabilities of this name. */
export function isUndo({ profile }: Pick<OfferTask, "profile">): boolean {
  return profile.capability.startsWith("undo.");
}

export class RunCheck {
  /** What is wrong, in words. */
  readonly findings: string[] = [];
  readonly plain: PlainRun;
  readonly #key: InstanceKey;
  readonly #machine: Machine<Run, RunEffect>;
  /** As the events fold to. */
  readonly #run: Run;
  readonly #undone: { readonly taskId: string; readonly isDone: boolean }[] = [];
  readonly #inputs = new Map<string, Json>();

  constructor(machine: Machine<Run, RunEffect>, key: InstanceKey, { document, input, script }: DrawnRun) {
    this.plain = new PlainRun(document, input, script);
    this.#machine = machine;
    this.#key = key;
    this.#run = machine.create(key);
  }

  /** An event as it is in the journal. */
  event(type: string, version: number, body: unknown): void {
    const declared = this.#machine.events.find((event) => event.type === type && event.version === version);
    declared?.evolve(this.#run, body, nothing);
    const {
      node = -1,
      error,
      status,
      round = 0,
    } = body as {
      readonly round?: number;
      readonly node?: number;
      readonly status?: WorkStatus;
      readonly error?: { readonly code: string };
    };
    if (type === "run_stopped" && status === WorkStatus.WORK_STATUS_CANCELLED)
      this.#take({ kind: "cancelled" });
    else if (type === "run_terminated") this.#take({ kind: "terminated" });
    else if (type === "round_begun") this.#roundBegun(taskIdOf(this.#run, node), round);
    else if (type === "task_completed" || type === "signal_taken") this.#ended(taskIdOf(this.#run, node), "");
    else if (type === "task_failed") this.#ended(taskIdOf(this.#run, node), error?.code ?? "");
    else if (type === "undo_completed")
      this.#undone.push({ taskId: taskIdOf(this.#run, node), isDone: true });
    else if (type === "undo_failed") this.#undone.push({ taskId: taskIdOf(this.#run, node), isDone: false });
  }

  /** An attempt has been offered; all attempts of a task work on the same. */
  offered(effect: RunEffect): void {
    if (effect.kind === "renew_lease") return;
    const { taskId, input } = effect;
    const id = effect.kind === "offer_task" && isUndo(effect) ? undoOf(taskId) : taskId;
    const given = input instanceof Uint8Array ? jsonOf(input) : null;
    const before = this.#inputs.get(id);
    if (before !== undefined && !isDeepStrictEqual(before, given))
      this.#find(`${id} works on ${text(given)} and on ${text(before)}`);
    this.#inputs.set(id, given as Json);
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** Nothing happens any more: everything has to be as the interpreter says. */
  finish(): void {
    const { ending } = this.plain;
    if (ending === undefined) {
      const open = this.plain.tasks
        .filter((task) => !hasEnded(task))
        .map(({ id, status }) => `${id} ${status}`);
      this.#find(`the run stands still, but there is something to do: ${open.join(", ")}`);
      return;
    }
    this.#checkEnding(ending);
    this.#checkTasks(ending);
    this.#checkInputs(ending);
  }

  get #ending() {
    const answer = showEnding.answer(this.#run, undefined, { key: this.#key, nowMs: 0 });
    return (answer as { readonly ending?: EndingShown }).ending;
  }

  #checkEnding(expected: PlainEnding): void {
    const found = this.#ending;
    if (found === undefined) {
      this.#find(`the run has not ended, expected it to be ${expected.status}`);
      return;
    }
    const status = endingWords[found.status] ?? String(found.status);
    const code = found.error?.code ?? "";
    if (status !== expected.status) this.#find(`the run is ${status} (${code}), expected ${text(expected)}`);
    else if (status === "completed" && !isDeepStrictEqual(jsonOf(found.output), plainJson(expected.output)))
      this.#find(`the run's output is ${text(jsonOf(found.output))}, expected ${text(expected.output)}`);
    else if (status === "failed" && !expected.errors.includes(code))
      this.#find(`the run failed with ${code}, expected ${expected.errors.join(" or ")}`);
    const undone = expected.undone.map(({ taskId, isDone }) => ({ taskId, isDone }));
    if (!isDeepStrictEqual(this.#undone, undone))
      this.#find(`undone was ${text(this.#undone)}, expected ${text(undone)}`);
  }

  #checkTasks({ undone }: PlainEnding): void {
    const isUndone = new Set(undone.flatMap(({ taskId, isDone }) => (isDone ? [taskId] : [])));
    const left = new Set<string>();
    const wanted = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: true };
    const shown = showTasks.answer(
      this.#run,
      { ...wanted, from: 0, size: 10_000 },
      { key: this.#key, nowMs: 0 },
    );
    if (isRefusal(shown)) throw new Error(shown.message);
    for (const { taskId, status, outcome } of shown.tasks) {
      left.add(taskId);
      const task = this.plain.task(taskId);
      // Entries whose turn never came are nowhere in the words of the language.
      const expected = task === undefined ? "no task" : isUndone.has(taskId) ? "compensated" : task.status;
      const found = statusWords[status] ?? String(status);
      if (found !== expected) this.#find(`${taskId} is ${found}, expected ${expected}`);
      const value = outcome?.result?.$case === "completed" ? outcome.result.value.body : undefined;
      const output = value?.$case === "inline" ? jsonOf(value.value) : null;
      if (task?.status === "completed" && !isDeepStrictEqual(output, plainJson(task.output)))
        this.#find(`the output of ${taskId} is ${text(output)}, expected ${text(task.output)}`);
    }
    const missing = this.plain.tasks.filter(({ id, status }) => !left.has(id) && status !== "cancelled");
    if (missing.length > 0) this.#find(`there is no ${missing.map(({ id }) => id).join(", ")}`);
  }

  #checkInputs({ undone }: PlainEnding): void {
    const expected = new Map(undone.map(({ taskId, input }) => [undoOf(taskId), input]));
    for (const { id, input } of this.plain.tasks) if (input !== undefined) expected.set(id, input);
    for (const [id, input] of this.#inputs)
      if (!isDeepStrictEqual(input, plainJson(expected.get(id) ?? null)))
        this.#find(`${id} works on ${text(input)}, expected ${text(expected.get(id))}`);
  }

  #roundBegun(id: string, round: number): void {
    const task = this.plain.task(id);
    if (task?.pauses === true && task.rounds.length + 1 === round) this.#take({ kind: "round", taskId: id });
  }

  /** @param code of its error; empty when it ended well */
  #ended(id: string, code: string): void {
    const kind = this.plain.task(id)?.pauses === true ? "round" : "ended";
    if (this.plain.awaited.includes(id)) this.#take({ kind, taskId: id });
    const expected = this.plain.endings.get(id);
    if (expected !== code) this.#find(`${id} ends with "${code}", expected "${expected ?? "no end"}"`);
  }

  #take(moment: Parameters<PlainRun["take"]>[0]): void {
    const problem = this.plain.take(moment);
    if (problem !== undefined) this.#find(problem);
  }

  #find(finding: string): void {
    this.findings.push(finding);
  }
}

interface EndingShown {
  readonly status: WorkStatus;
  readonly output: Uint8Array;
  readonly error?: { readonly code: string } | undefined;
}

function text(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

/** As it is after it was written and read. */
function plainJson(value: Json): unknown {
  return JSON.parse(JSON.stringify(value));
}
