/**
 * Runs the hooks of a pool.
 *
 * 1. Hooks are asked before a task waits for an agent, and before its result counts. Those of one moment are
 *    asked one after the other, in their order. Rules answer at once. For an external hook the task waits, while all
 *    others continue.
 * 2. A task that is held by a hook waits nowhere else and counts only against the bounds of the pool. Each
 *    hold has an end: the answer, the timeout of the hook, or the time that it named.
 * 3. Questions are sent at the end of a turn, all at once, and answers are accepted before the next one.
 * 4. Every action of a hook is noted at the task.
 */
import { HookMoment } from "@tutti/contracts/swarm/v1";
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { durationText } from "@tutti/kernel";
import type {
  Evaluated,
  HookFacts,
  HookOutlet,
  HookQuestion,
  HookReply,
  PoolHook,
  Verdict,
} from "../api/hooks.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import { denialOf, factsOf, questionOf } from "./facts.ts";
import { Judging } from "./judging.ts";
import type { DeniedTask, TaskHooks } from "./task-hooks.ts";
import { verdictOf } from "./verdict.ts";

const {
  HOOK_MOMENT_BEFORE_ASSIGN,
  HOOK_MOMENT_AFTER_ASSIGN,
  HOOK_MOMENT_BEFORE_RESULT,
  HOOK_MOMENT_AFTER_RESULT,
  HOOK_MOMENT_BEFORE_FAILURE,
  HOOK_MOMENT_AFTER_FAILURE,
} = HookMoment;
const { RETRY_CLASS_NEVER, RETRY_CLASS_SAME_KEY } = RetryClass;
const holdFirstMs = 1_000;
const holdMaxMs = 30_000;
/** Maximum number of denied tasks that are remembered for explanations. */
const deniedMax = 1_000;

/** The actions that follow the verdicts of hooks. */
export interface HookEnds {
  /** Lets the task wait for an agent. */
  admit(task: Task, nowMs: number): void;
  /** Returns the task to its sender for good. */
  deny(task: Task, error: ErrorDetail, nowMs: number): void;
  /** Counts the result of the task. */
  count(task: Task, agentId: string, nowMs: number): void;
  /** Changes the priority of the task. */
  reprioritize(task: Task, priority: number): void;
}

export class HookCalls implements TaskHooks {
  readonly #tasks: Tasks;
  readonly #ends: HookEnds;
  readonly #outlet: HookOutlet;
  #hooks = new Map<HookMoment, readonly PoolHook[]>();
  readonly #fresh = new Set<Task>();
  readonly #open = new Map<number, Task>();
  #questions: HookQuestion[] = [];
  #last = 0;
  readonly denied: DeniedTask[] = [];

  constructor(tasks: Tasks, ends: HookEnds, outlet: HookOutlet) {
    this.#tasks = tasks;
    this.#ends = ends;
    this.#outlet = outlet;
  }

  /** Replaces the hooks, in this order. Tasks that wait for a verdict are judged again. */
  set(hooks: readonly PoolHook[]): void {
    this.#hooks = Map.groupBy(hooks, ({ moment }) => moment) as Map<HookMoment, readonly PoolHook[]>;
    for (const task of this.#tasks.values()) {
      const { judging } = task;
      if (judging?.isHeld !== true) continue;
      this.#close(judging);
      judging.start(judging.moment, judging.agentId);
      this.#fresh.add(task);
    }
  }

  /** Whether the next turn has something to judge. */
  get isStirred(): boolean {
    return this.#fresh.size > 0;
  }

  /** Accepts a new task. Returns whether hooks decide before it may wait for an agent. */
  receives(task: Task): boolean {
    // An open question may not be addressed to the first hook.
    this.drop(task);
    if (!this.#hooks.has(HOOK_MOMENT_BEFORE_ASSIGN)) return false;
    task.judging = new Judging(HOOK_MOMENT_BEFORE_ASSIGN);
    this.#fresh.add(task);
    return true;
  }

  /** Notifies the hooks of an assignment. */
  assigned(task: Task, nowMs: number): void {
    this.#watch(task, HOOK_MOMENT_AFTER_ASSIGN, task.agent?.agentId ?? "", nowMs);
  }

  /** Accepts the result of a task. Returns whether hooks hold that result. */
  holdsResult(task: Task, agentId: string, nowMs: number): boolean {
    const moment = beforeOf(task);
    if (!this.#hooks.has(moment)) return false;
    task.judging ??= new Judging(moment);
    task.judging.start(moment, agentId);
    const isHeld = this.#judge(task, task.judging, undefined, nowMs) === "held";
    if (isHeld) this.#tasks.schedule(task);
    return isHeld;
  }

  /** Notifies the hooks of a result that counts. */
  counted(task: Task, agentId: string, nowMs: number): void {
    const isFailure = task.result?.outcome?.$case === "failed";
    this.#watch(task, isFailure ? HOOK_MOMENT_AFTER_FAILURE : HOOK_MOMENT_AFTER_RESULT, agentId, nowMs);
  }

  /** Runs the hooks of new tasks, in a turn, before tasks are matched. */
  judge(nowMs: number): void {
    if (this.#fresh.size === 0) return;
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    for (const task of fresh) this.#continue(task, undefined, nowMs);
  }

  /** Handles the due time of a held task. */
  expire(task: Task, nowMs: number): void {
    const { judging } = task;
    if (judging === undefined || judging.dueMs > nowMs) return;
    const { question, heldSinceMs } = judging;
    const late = { problem: `it did not answer within ${durationText(nowMs - heldSinceMs)}` };
    this.#close(judging, nowMs);
    this.#continue(task, question > 0 ? late : undefined, nowMs);
  }

  applyReplies(replies: readonly HookReply[], nowMs: number): void {
    for (const { number, verdict, problem } of replies) {
      const task = this.#open.get(number);
      if (task?.judging === undefined) continue;
      this.#close(task.judging, nowMs);
      this.#continue(task, problem === "" ? verdictOf(verdict) : { problem }, nowMs);
    }
  }

  /** Drops a task that is no longer wanted. */
  drop(task: Task): void {
    this.#fresh.delete(task);
    if (task.judging !== undefined) this.#close(task.judging);
  }

  /** Releases a task from all hooks. */
  release(task: Task): void {
    this.drop(task);
    task.judging?.release();
  }

  /** Sends the questions at the end of a turn. */
  flush(): void {
    if (this.#questions.length === 0) return;
    const questions = this.#questions;
    this.#questions = [];
    this.#outlet.send(questions);
  }

  /** Continues the hooks of a task with the verdict of the hook that was asked, and applies the outcome. */
  #continue(task: Task, verdict: Evaluated<Verdict> | undefined, nowMs: number): void {
    const { judging } = task;
    if (judging?.isHeld !== true) return;
    const isAssigning = judging.moment === HOOK_MOMENT_BEFORE_ASSIGN;
    const judged = this.#judge(task, judging, verdict, nowMs);
    if (judged === "held") this.#tasks.schedule(task);
    else if (!isAssigning) this.#ends.count(task, judging.agentId, nowMs);
    else if (judged === "done") this.#ends.admit(task, nowMs);
    else this.#deny(task, judged, nowMs);
  }

  /** Asks one hook after the other, as far as possible now. Returns the error of a denial. */
  #judge(
    task: Task,
    judging: Judging,
    verdict: Evaluated<Verdict> | undefined,
    nowMs: number,
  ): "done" | "held" | ErrorDetail {
    let received = verdict;
    for (;;) {
      const hook = this.#hooks.get(judging.moment)?.[judging.at];
      if (hook === undefined) {
        judging.release();
        return "done";
      }
      const facts = factsOf(task, judging.agentId, nowMs);
      const step = received === undefined ? this.#evaluate(task, judging, hook, facts, nowMs) : received;
      received = undefined;
      if (step === "held") return "held";
      const outcome = step === "next" ? step : this.#applyVerdict(task, judging, hook, step, nowMs);
      if (outcome === "next") judging.at++;
      else if (outcome !== "again") return outcome;
    }
  }

  /** Asks one hook. Returns "next" if it does not apply, and "held" if its answer is pending. */
  #evaluate(
    task: Task,
    judging: Judging,
    hook: PoolHook,
    facts: HookFacts,
    nowMs: number,
  ): Evaluated<Verdict> | "next" | "held" {
    const applies = hook.applies(facts);
    if ("problem" in applies) return applies;
    if (!applies.value) return "next";
    const { call, hookId, decide } = hook;
    if (decide !== undefined) return decide(facts);
    if (call === undefined) return "next";
    const question = questionOf(task, hookId, judging.moment, judging.agentId);
    if (!call.isBlocking) {
      this.#questions.push({ ...question, number: 0, timeoutMs: 0 });
      return "next";
    }
    const number = ++this.#last;
    const { timeoutMs } = call;
    this.#questions.push({ ...question, number, timeoutMs });
    this.#open.set(number, task);
    judging.hold({
      hookId,
      reason: "it has not answered yet",
      nowMs,
      dueMs: nowMs + timeoutMs,
      question: number,
    });
    return "held";
  }

  /** Applies the answer of a hook. */
  #applyVerdict(
    task: Task,
    judging: Judging,
    { hookId, onFailure }: PoolHook,
    verdict: Evaluated<Verdict>,
    nowMs: number,
  ): "next" | "again" | "held" | ErrorDetail {
    const { moment } = judging;
    const addNote = (text: string) => judging.notes.push({ hookId, moment, text, atMs: nowMs });
    if ("problem" in verdict) {
      const failure = `it failed: ${verdict.problem}`;
      addNote(onFailure === "pass" ? `${failure}, and was passed over` : failure);
      if (onFailure === "pass") return "next";
      if (onFailure === "deny")
        return this.#denied(task, judging, denialOf(hookId, failureOf(hookId, failure)));
      const dueMs = nowMs + Math.min(holdMaxMs, holdFirstMs * 2 ** judging.failures++);
      judging.hold({ hookId, reason: failure, nowMs, dueMs, question: 0 });
      return "held";
    }
    judging.failures = 0;
    const { deny, delayMs, reason } = verdict.value;
    const because = reason === "" ? "" : `: ${reason}`;
    if (deny !== undefined) {
      const isLater = deny.retry === RETRY_CLASS_SAME_KEY && deny.retryAfterMs > 0;
      if (moment === HOOK_MOMENT_BEFORE_ASSIGN && isLater) {
        addNote(`it asks for a retry in ${durationText(deny.retryAfterMs)}${because}`);
        const holdReason = deny.message || reason || "it denied it for now";
        judging.hold({ hookId, reason: holdReason, nowMs, dueMs: nowMs + deny.retryAfterMs, question: 0 });
        return "held";
      }
      addNote(`it denied it${because || `: ${deny.message}`}`);
      return this.#denied(task, judging, denialOf(hookId, deny));
    }
    for (const text of this.#change(task, judging, verdict.value)) addNote(`${text}${because}`);
    if (delayMs > 0 && moment === HOOK_MOMENT_BEFORE_ASSIGN) {
      addNote(`it held it back for ${durationText(delayMs)}${because}`);
      judging.at++;
      const holdReason = reason || "it holds it back";
      judging.hold({ hookId, reason: holdReason, nowMs, dueMs: nowMs + delayMs, question: 0 });
      return "held";
    }
    return "next";
  }

  /** Applies the changes of a verdict and yields a description of each. */
  *#change(task: Task, judging: Judging, { priority, labels, retry, delayMs }: Verdict): Generator<string> {
    const { moment } = judging;
    if (moment === HOOK_MOMENT_BEFORE_ASSIGN) {
      if (priority !== undefined && priority !== task.priority) {
        yield `it changed the priority from ${task.priority} to ${priority}`;
        this.#ends.reprioritize(task, priority);
      }
      for (const [name, value] of Object.entries(labels)) {
        judging.labels = [...judging.labels.filter((label) => label.name !== name), { name, value }];
        yield `it added the label ${name}=${value}`;
      }
    }
    const outcome = task.result?.outcome;
    if (moment !== HOOK_MOMENT_BEFORE_FAILURE || outcome?.$case !== "failed" || retry === undefined) return;
    const retried = retry === "again" ? RETRY_CLASS_SAME_KEY : RETRY_CLASS_NEVER;
    const value = { ...outcome.value, retry: retried };
    if (retry === "again" && delayMs > 0) value.retryAfterMs = delayMs;
    replaceOutcome(task, { $case: "failed", value });
    yield retry === "again" ? "it wants it tried again" : "it wants it not tried again";
  }

  /** Applies a denial: it ends a waiting task. It turns a result into a failure, with hooks of its own. */
  #denied(task: Task, judging: Judging, error: ErrorDetail): "next" | "again" | ErrorDetail {
    if (judging.moment === HOOK_MOMENT_BEFORE_ASSIGN) return error;
    replaceOutcome(task, { $case: "failed", value: error });
    if (judging.moment === HOOK_MOMENT_BEFORE_FAILURE) return "next";
    judging.start(HOOK_MOMENT_BEFORE_FAILURE, judging.agentId);
    return "again";
  }

  #deny(task: Task, error: ErrorDetail, nowMs: number): void {
    this.denied.push({ task, error, atMs: nowMs });
    if (this.denied.length > deniedMax) this.denied.shift();
    this.#ends.deny(task, error, nowMs);
  }

  /** Notifies the hooks that can only watch. */
  #watch(task: Task, moment: HookMoment, agentId: string, nowMs: number): void {
    const hooks = this.#hooks.get(moment);
    if (hooks === undefined) return;
    const facts = factsOf(task, agentId, nowMs);
    for (const { hookId, applies } of hooks) {
      const result = applies(facts);
      if ("value" in result && result.value)
        this.#questions.push({ ...questionOf(task, hookId, moment, agentId), number: 0, timeoutMs: 0 });
    }
  }

  #close(judging: Judging, nowMs = 0): void {
    if (judging.question > 0) this.#open.delete(judging.question);
    judging.lift(nowMs);
  }
}

function beforeOf({ result }: Task): HookMoment {
  return result?.outcome?.$case === "failed" ? HOOK_MOMENT_BEFORE_FAILURE : HOOK_MOMENT_BEFORE_RESULT;
}

function replaceOutcome(task: Task, outcome: NonNullable<Task["result"]>["outcome"]): void {
  if (task.result !== undefined) task.result = { ...task.result, outcome };
}

function failureOf(hookId: string, reason: string): ErrorDetail {
  return ErrorDetail.create({ message: `the hook ${hookId} has to agree, and ${reason}` } as ErrorDetail);
}
