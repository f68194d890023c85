/** A run in a test: its actions, queries, state and virtual time. */
import { ActorKind, type Approval, type Explanation, TaskStatus, Verdict } from "@tutti/contracts/types/v1";
import {
  type CancelRun,
  DecideApproval,
  RepairTask,
  RetryRun,
  type Run as RunMessage,
  type Task,
} from "@tutti/contracts/workflow/v1";
import {
  type Command,
  fromErrorDetail,
  fromTimestamp,
  isRefusal,
  type Refusal,
  TuttiError,
} from "@tutti/kernel";
import {
  cancelRun,
  decideApproval,
  explain,
  pauseRun,
  repairTask,
  resumeRun,
  retryRun,
  showApprovals,
  showEntry,
  showRun,
  showTask,
  showTasks,
  signalRun,
  terminateRun,
  updateRun,
} from "@tutti/machine-run";
import { statusName, statusWord } from "@tutti/machine-run/reading";
import { payloadOf, valueIn } from "../client/payloads.ts";
import type { HandlerCall } from "./crew.ts";
import { eventsOf, type TestEvent } from "./events.ts";
import { explained } from "./explained.ts";
import { WorkflowTestError } from "./fault.ts";
import type { RunHistory } from "./history.ts";
import { type Duration, durationMs } from "./waiting.ts";
import type { World } from "./world.ts";

/** State of a task. */
export interface TestTask {
  readonly id: string;
  /**
   * `pending`, `held`, `queued`, `running`, `waiting`, `retrying`, `paused`, `completed`, `failed`, `skipped`,
   * `cancelled`, …
   */
  readonly status: string;
  /** Number of starts, over all visits. */
  readonly attempts: number;
  readonly input: unknown;
  /** Undefined until it has ended well. */
  readonly output: unknown;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  /** Its capability, or the definition of its child. */
  readonly uses: string;
  /** Number of times that a gate sent it back. */
  readonly sentBack: number;
  /** Time of its next retry, or of the timer that it waits for. */
  readonly nextTime: Date | undefined;
  /** Id of the run that does it. */
  readonly child: string | undefined;
}

/** A question to people that is open. */
export interface TestQuestion {
  readonly task: string;
  readonly title: string;
  readonly message: string;
  readonly context: unknown;
  /** Users that may decide. Empty: every user. */
  readonly by: readonly string[];
  readonly needed: number;
}

export interface DecisionInput {
  /** The user who decides. Default: the first permitted one. */
  readonly by?: string;
  readonly reason?: string;
  /** Data of the decision, by the question's form. */
  readonly data?: unknown;
}

const tasksMax = 1_000_000;
/** Longer than anything waits in a test that ends. */
const resultWithin = "3650d";

export class TestRun<Output = unknown> {
  readonly id: string;
  readonly #world: World;
  readonly #historyOf: (id: string) => RunHistory;

  constructor(world: World, id: string, historyOf: (id: string) => RunHistory) {
    this.#world = world;
    this.id = id;
    this.#historyOf = historyOf;
  }

  /** Current virtual time. */
  get now(): Date {
    return new Date(this.#world.time.now());
  }

  /** `pending`, `running`, `paused`, `cancelling`, `completed`, `failed`, `cancelled`, `terminated`. */
  get status(): string {
    return statusName(this.#message.status);
  }

  get hasEnded(): boolean {
    return this.#message.outcome !== undefined;
  }

  /** Amounts that it has used, including its children. */
  get used(): { readonly tokens: number; readonly money: number; readonly timeMs: number } {
    const { tokens = 0, money = 0, timeMs = 0 } = this.#message.used ?? {};
    return { tokens, money, timeMs };
  }

  /** Budget, including its children. Undefined without a limit. */
  get budget(): { readonly tokens: number; readonly money: number; readonly timeMs: number } | undefined {
    const budget = this.#message.spec?.budget;
    return budget === undefined ? undefined : { ...budget };
  }

  /**
   * Skips time until the run has ended, and returns its output. Throws its error if it failed, was cancelled or
   * terminated. Throws the reason of its wait if the wait never ends by itself, or takes longer than `within`. Default: ten
   * years.
   */
  async result({ within = resultWithin }: { readonly within?: Duration } = {}): Promise<Output> {
    const untilMs = this.#world.time.monotonic() + durationMs(within);
    const isDone = () => this.#latest.hasEnded;
    const reason = await this.#world.proceed({ untilMs, isDone });
    const latest = this.#latest;
    if (reason !== "done" && !latest.hasEnded) throw this.#notEnded(within, reason === "time");
    const result = latest.#message.outcome?.result;
    // The caller sets the type of the output.
    if (result?.$case === "completed") return (valueIn(result.value) ?? null) as Output;
    if (result?.$case === "failed" || result?.$case === "cancelled" || result?.$case === "terminated")
      throw fromErrorDetail(result.value);
    throw new WorkflowTestError(`expected run ${latest.id} to have ended, but it is ${latest.status}`);
  }

  /** Waits for its end, and returns the error. Undefined if it completed. */
  async failure(options: { readonly within?: Duration } = {}): Promise<TuttiError | undefined> {
    try {
      await this.result(options);
      return undefined;
    } catch (thrown) {
      if (thrown instanceof TuttiError) return thrown;
      throw thrown;
    }
  }

  /** Lets time pass. All that falls due meanwhile happens, at its moment. */
  async skip(duration: Duration): Promise<void> {
    const untilMs = this.#world.time.monotonic() + durationMs(duration);
    await this.#world.proceed({ untilMs, isDone: () => this.#world.time.monotonic() >= untilMs });
    await this.idle();
  }

  /** Until no task continues without more time or a signal. */
  async idle(): Promise<void> {
    await this.#world.proceed({ untilMs: this.#world.time.monotonic(), isDone: () => false });
  }

  /** Skips time until a condition is true. Throws if that never happens, or not within the time. Default: a year. */
  async until(isSo: (run: this) => boolean, within: Duration = "365d"): Promise<void> {
    const untilMs = this.#world.time.monotonic() + durationMs(within);
    const reason = await this.#world.proceed({ untilMs, isDone: () => isSo(this) });
    if (reason === "done" || isSo(this)) return;
    throw new WorkflowTestError(
      `expected \`${String(isSo)}\` within ${within}, found that it did not come: ${this.explain()}`,
    );
  }

  signal(name: string, payload?: unknown): void {
    this.#execute(signalRun, { signal: name, payload: payloadOf(payload, "payload") });
  }

  /** Sends an update, and returns its reply. An update that the definition refuses is thrown, and not recorded. */
  update<Answer = unknown>(name: string, payload?: unknown): Answer {
    const { answer } = this.#execute(updateRun, { update: name, payload: payloadOf(payload, "payload") });
    return (valueIn(answer) ?? null) as Answer;
  }

  query<Answer = unknown>(name: string, payload?: unknown): Answer {
    const request = { query: name, payload: payloadOf(payload, "payload") };
    const { answer } = unwrapReply(this.#world.stage.query(this.#key, showEntry, request));
    return (valueIn(answer) ?? null) as Answer;
  }

  pause(reason = ""): void {
    this.#execute(pauseRun, { reason });
  }

  resume(reason = "", tasks: readonly string[] = []): void {
    this.#execute(resumeRun, { reason, taskIds: [...tasks] });
  }

  cancel(reason = "", { noCompensate = false }: { readonly noCompensate?: boolean } = {}): void {
    this.#execute<CancelRun, unknown>(cancelRun, { reason, noCompensate });
  }

  terminate(reason = ""): void {
    this.#execute(terminateRun, { reason });
  }

  /** Retries the run from the tasks that did not complete. Completed tasks keep their results. */
  retry(reason = "", tasks: readonly string[] = []): void {
    this.#execute(retryRun, RetryRun.fromPartial({ reason, taskIds: [...tasks] }));
  }

  /** Sets the result of a task by hand. */
  repair(task: string, output: unknown, reason = "by the test"): void {
    const payload = payloadOf(output, "output") ?? { body: undefined, mediaType: "" };
    const repair = { $case: "output" as const, value: payload };
    this.#execute(repairTask, { ...RepairTask.create(), taskId: task, reason, repair });
  }

  approve(task: string, decision: DecisionInput = {}): void {
    this.#decide(task, Verdict.VERDICT_APPROVED, decision);
  }

  reject(task: string, decision: DecisionInput = {}): void {
    this.#decide(task, Verdict.VERDICT_REJECTED, decision);
  }

  /** Questions to people that are open. */
  get questions(): readonly TestQuestion[] {
    return this.#approvals
      .filter(({ verdict }) => verdict === Verdict.VERDICT_UNSPECIFIED)
      .map(({ about, title, message, context, deciders, approvalsNeeded }) => ({
        ...{ task: about?.task ?? "", title, message, context: valueIn(context) ?? null },
        ...{ by: deciders, needed: approvalsNeeded },
      }));
  }

  /** A task by its id: `ship`, `ship[3]`, `poll#2.fetch`. */
  task(id: string): TestTask {
    return toTestTask(unwrapReply(this.#world.stage.query(this.#key, showTask, { taskId: id })));
  }

  get tasks(): readonly TestTask[] {
    const filter = { statuses: [], parentTaskId: "", topOnly: false, text: "", withPayloads: true };
    const all: TestTask[] = [];
    for (let from = 0; from >= 0; ) {
      const page = { ...filter, from, size: tasksMax };
      const { tasks, next } = unwrapReply(this.#world.stage.query(this.#key, showTasks, page));
      all.push(...tasks.map(toTestTask));
      from = next;
    }
    return all;
  }

  /** Calls of handlers for it, in their order. */
  get calls(): readonly HandlerCall[] {
    return this.#world.crew.calls.filter(({ run }) => run === this.id);
  }

  /** Its events for people. */
  get events(): readonly TestEvent[] {
    return eventsOf(this.#world, this.#key);
  }

  /** The same as text, a line per event. */
  get timeline(): string {
    return this.events.map(String).join("\n");
  }

  /** Its history, for `replay`. */
  get history(): RunHistory {
    return this.#historyOf(this.id);
  }

  /** Explains the status of the run, or of one of its tasks. */
  explain(task = ""): string {
    return explained(this.#explanation(task));
  }

  /** Returns the run that does a task of this one. */
  child<ChildOutput = unknown>(task: string): TestRun<ChildOutput> {
    const { child } = this.task(task);
    if (child !== undefined) return new TestRun(this.#world, child, this.#historyOf);
    throw new WorkflowTestError(`expected a child that does ${task}, got none. ${this.explain(task)}`);
  }

  toString(): string {
    return `run ${this.id}, ${this.status}\n${this.timeline}`;
  }

  get #key() {
    return this.#world.keyOf(this.id);
  }

  get #message(): RunMessage {
    return unwrapReply(this.#world.stage.query(this.#key, showRun, { withPayloads: true }));
  }

  /** The run that it continued as, or itself. */
  get #latest(): TestRun<Output> {
    let latest: TestRun<Output> = this;
    for (let { outcome } = latest.#message; outcome?.result?.$case === "continued"; ) {
      const next = new TestRun<Output>(this.#world, outcome.result.value.id, this.#historyOf);
      latest = next;
      outcome = latest.#message.outcome;
    }
    return latest;
  }

  get #approvals(): readonly Approval[] {
    return unwrapReply(this.#world.stage.query(this.#key, showApprovals, { from: 0, size: tasksMax }))
      .approvals;
  }

  #explanation(taskId: string): Explanation {
    return unwrapReply(this.#world.stage.query(this.#key, explain, { taskId }));
  }

  #decide(task: string, verdict: Verdict, { by, reason = "", data }: DecisionInput): void {
    const question = this.questions.find((each) => each.task === task);
    const actorId = by ?? question?.by[0] ?? "person";
    const body = DecideApproval.fromPartial({ approvalId: task, verdict, reason, roles: [actorId] });
    this.#execute(decideApproval, { ...body, data: payloadOf(data, "data") }, actorId);
  }

  // biome-ignore lint/suspicious/noExplicitAny: a caller knows nothing of the state
  #execute<Body, Reply>(command: Command<any, Body, Reply, any>, body: Body, actorId = "tester"): Reply {
    const actor = { kind: ActorKind.ACTOR_KIND_PERSON, id: actorId };
    const cause = this.#world.causeOf(this.id, actor);
    return unwrapReply(this.#world.stage.execute(this.#key, command, body, { cause }));
  }

  #notEnded(within: Duration, isLate: boolean): WorkflowTestError {
    const { namesAtWork } = this.#world.crew;
    const hung = namesAtWork.length === 0 ? "" : `\nhandlers that have not ended: ${namesAtWork.join(", ")}`;
    const reason = isLate
      ? `but it is ${this.status}`
      : "but no timer is pending. Send it a signal, decide its approval, or let a handler end";
    const when = isLate ? ` within ${within}` : "";
    return new WorkflowTestError(
      `expected run ${this.id} to end${when}, ${reason}\n${this.#latest.explain()}${hung}`,
    );
  }
}

/** Throws a refusal. */
function unwrapReply<Reply>(answer: Reply | Refusal): Reply {
  if (isRefusal(answer)) throw new TuttiError(answer);
  return answer;
}

function toTestTask(task: Task): TestTask {
  const { taskId, status, attemptCount, input, outcome, uses, sentBack, nextTime, child } = task;
  const result = outcome?.result;
  const error =
    result?.$case === "failed" || result?.$case === "cancelled"
      ? result.value
      : status === TaskStatus.TASK_STATUS_COMPLETED
        ? undefined
        : task.attempts.findLast((each) => each.error !== undefined)?.error;
  return {
    ...{ id: taskId, status: statusWord(status), attempts: attemptCount, uses, sentBack },
    input: valueIn(input) ?? null,
    output: result?.$case === "completed" ? (valueIn(result.value) ?? null) : undefined,
    error: error && { code: error.code, message: error.message },
    nextTime: nextTime && new Date(fromTimestamp(nextTime)),
    child: child?.id,
  };
}
