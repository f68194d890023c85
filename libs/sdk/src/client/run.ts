/** A run, as its client steers and reads it. */
import type { HistoryEvent, runtimeService } from "@tutti/contracts/runtime/v1";
import {
  type Approval,
  ApprovalFilter,
  ErrorDetail,
  type Explanation,
  type Outcome,
  Verdict,
} from "@tutti/contracts/types/v1";
import type {
  RepairTaskRequest,
  Run as RunMessage,
  runService,
  Task,
  taskService,
} from "@tutti/contracts/workflow/v1";
import { fromTimestamp, type TuttiError, toTimestamp } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../errors.ts";
import {
  date,
  flag,
  labels,
  type OptionCheck,
  type OptionNames,
  oneOf,
  priority,
  requireKnown,
  requireOne,
  text,
  wholeNumber,
} from "../options.ts";
import { type MoveOptions, type MoveReview, moveOptionNames, reviewFrom } from "./bulk.ts";
import { type Handle, type WorkState, withState } from "./handle.ts";
import { payloadOf, valueIn } from "./payloads.ts";
import { type ClientPorts, followed, type WatchOptions, watchNames } from "./work/followed.ts";
import { outputOf, type ResultOptions } from "./work/outcome.ts";
import { type IdempotencyOptions, idempotencyNames } from "./work/paging.ts";

export interface RunParts {
  readonly runs: Client<typeof runService>;
  readonly tasks: Client<typeof taskService>;
  readonly histories: Client<typeof runtimeService>;
  readonly namespace: string;
  readonly ports: ClientPorts;
}

/** A change of a run: the run, and its new and changed tasks. */
export interface RunChange {
  readonly run: RunMessage | undefined;
  readonly tasks: readonly Task[];
}

export interface EventsOptions {
  /** Number of the last known event. */
  readonly after?: number;
  /** Only those about this task, its entries and its rounds. */
  readonly taskId?: string;
}

const eventsNames: OptionNames<EventsOptions> = { after: wholeNumber(0), taskId: text };

/** An event of a run, for people. */
export interface RunHistoryEvent {
  /** Its number, from 1. */
  readonly event: number;
  /** `task_completed` */
  readonly type: string;
  /** Id of the task. Empty for an event of the run itself. */
  readonly task: string;
  readonly time: Date;
  /** Inputs, outputs, errors and reasons of the event. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Cause of the event: an agent, a person or a service. */
  readonly actor: string;
}

const eventsPage = 500;

/** The repair of a task. */
export type Repair =
  | { readonly output: unknown }
  /** Its dependents continue as if it had completed, or are skipped too. */
  | { readonly skip: "alone" | "withDependents" }
  | { readonly error: { readonly code: string; readonly message: string } }
  /** Runs it with this input: again, with all its dependents, or at its start. */
  | { readonly input: unknown };

/** A caught error is an error too, and may have more fields. */
const errorCheck: OptionCheck = (value) => {
  const { code, message }: { readonly code?: unknown; readonly message?: unknown } = Object(value);
  return typeof code === "string" && typeof message === "string"
    ? undefined
    : "an object with the texts code and message";
};

const repairNames: OptionNames<Repair> = {
  output: true,
  skip: oneOf(["alone", "withDependents"]),
  error: errorCheck,
  input: true,
};

export interface LabelChanges {
  /** To be set. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Names of labels to remove. */
  readonly removed?: readonly string[];
  /** -100 to 100. */
  readonly priority?: number;
  /** Time at which the result is due. */
  readonly dueTime?: Date;
}

const labelNames: OptionNames<LabelChanges> = { labels, removed: [text], priority, dueTime: date };

const moveNames = { ...moveOptionNames, dryRun: flag };

function repairOf(repair: Repair): RepairTaskRequest["repair"] {
  if ("skip" in repair && repair.skip !== undefined)
    return { $case: "skip", value: { skipDependents: repair.skip === "withDependents" } };
  if ("error" in repair && repair.error !== undefined)
    return { $case: "error", value: ErrorDetail.fromPartial(repair.error) };
  const nothing = { body: undefined, mediaType: "" };
  if ("input" in repair) return { $case: "input", value: payloadOf(repair.input, "input") ?? nothing };
  const output = "output" in repair ? repair.output : undefined;
  return { $case: "output", value: payloadOf(output, "output") ?? nothing };
}

export interface CancelOptions {
  /** Skips the compensation of completed tasks, in child runs too. */
  readonly noCompensate?: boolean;
}

const cancelNames: OptionNames<CancelOptions> = { noCompensate: flag };

export interface DecideOptions {
  /** Data of the decision, by the question's form. */
  readonly data?: unknown;
  /** Why, in words. */
  readonly reason?: string;
}

export const decideNames: OptionNames<DecideOptions> = { data: true, reason: text };

export interface ReleaseOptions {
  /** The person that has claimed the question. Default: the caller. */
  readonly person?: string;
  /** Why, in words. */
  readonly reason?: string;
}

const releaseNames: OptionNames<ReleaseOptions> = { person: text, reason: text };

export class RunHandle implements Handle {
  readonly id: string;
  /** Whether it existed before this start. */
  readonly existed: boolean;
  readonly #parts: RunParts;
  readonly #outcome: Outcome | undefined;

  /** @param outcome if it is known already */
  constructor(parts: RunParts, id: string, existed = false, outcome?: Outcome) {
    this.#parts = parts;
    this.id = id;
    this.existed = existed;
    this.#outcome = outcome;
  }

  /** Returns the current run. `state` is its status as a word. */
  async get(): Promise<RunMessage & { readonly state: WorkState }> {
    const { run } = await this.#parts.runs.getRun({ ...this.#which, atEvent: 0 });
    return withState(this.#there(run));
  }

  /**
   * Returns its output, as soon as it has ended well. Rejects with its error when it has failed, was cancelled or
   * terminated.
   */
  async result<Output = unknown>(options: ResultOptions = {}): Promise<Output> {
    const { runs, namespace } = this.#parts;
    const output = await outputOf(
      this.id,
      async ({ id: runId, waitMs }, call) => {
        if (this.#outcome !== undefined && runId === this.id) return this.#outcome;
        const { run } = await runs.awaitRun({ namespace, runId, waitMs, afterEvent: 0 }, call);
        return this.#there(run).outcome;
      },
      options,
      this.#parts.ports,
    );
    // The caller sets the type of the output.
    return output as Output;
  }

  /** Sends a signal. The run keeps it until a task waits for it. */
  async signal(name: string, payload?: unknown, options: IdempotencyOptions = {}): Promise<void> {
    requireKnown("run.signal", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    await this.#parts.runs.signalRun({
      ...this.#which,
      signal: name,
      payload: await this.#parts.ports.contents.stored(payloadOf(payload, "payload")),
      idempotencyKey,
    });
  }

  /** Queries the run, without a change. */
  async query<Answer = unknown>(name: string, payload?: unknown): Promise<Answer> {
    const { answer } = await this.#parts.runs.queryRun({
      ...this.#which,
      query: name,
      payload: payloadOf(payload, "payload"),
    });
    return valueIn(answer) as Answer;
  }

  /** Sends an update, and waits for its reply. An update that the definition refuses is not recorded. */
  async update<Answer = unknown>(
    name: string,
    payload?: unknown,
    options: IdempotencyOptions = {},
  ): Promise<Answer> {
    requireKnown("run.update", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    const { answer } = await this.#parts.runs.updateRun({
      ...this.#which,
      update: name,
      payload: payloadOf(payload, "payload"),
      idempotencyKey,
    });
    return valueIn(answer) as Answer;
  }

  /** Lists the open approvals. */
  async approvals(): Promise<readonly Approval[]> {
    const { tasks, namespace } = this.#parts;
    const filter = ApprovalFilter.fromPartial({ workId: this.id });
    const { approvals } = await tasks.listApprovals({ namespace, filter, page: undefined });
    return approvals;
  }

  /** Claims a question by its id or its task: only the caller may decide it from then on. */
  async claim(question: string): Promise<void> {
    await this.#parts.tasks.claimApproval({ ...this.#which, approvalId: question });
  }

  /** Delegates the caller's answer to other people. Answers of others stay. */
  async delegate(question: string, people: readonly string[], reason = ""): Promise<void> {
    const request = { ...this.#which, approvalId: question, people: [...people], reason };
    await this.#parts.tasks.delegateApproval(request);
  }

  /** Releases a question that the caller, or the person in the options, has claimed. */
  async release(question: string, options: ReleaseOptions = {}): Promise<void> {
    requireKnown("run.release", options, releaseNames);
    const { person = "", reason = "" } = options;
    await this.#parts.tasks.releaseApproval({ ...this.#which, approvalId: question, person, reason });
  }

  /** Approves a question by its id or its task. */
  async approve(question: string, options: DecideOptions = {}): Promise<void> {
    requireKnown("run.approve", options, decideNames);
    await this.#decide(question, Verdict.VERDICT_APPROVED, options);
  }

  /** Rejects. */
  async reject(question: string, options: DecideOptions = {}): Promise<void> {
    requireKnown("run.reject", options, decideNames);
    await this.#decide(question, Verdict.VERDICT_REJECTED, options);
  }

  /** Returns its tasks, with their outputs. */
  async tasks(): Promise<readonly Task[]> {
    const found: Task[] = [];
    let token = "";
    do {
      const reply = await this.#parts.tasks.listTasks({
        ...this.#which,
        parentTaskId: "",
        topOnly: false,
        statuses: [],
        text: "",
        withPayloads: true,
        atEvent: 0,
        page: { size: 0, token },
      });
      found.push(...reply.tasks);
      token = reply.page?.nextToken ?? "";
    } while (token !== "");
    return found;
  }

  /** Repairs a task by hand: completes it with an output, skips it, or fails it. The reason is recorded. */
  async repair(taskId: string, repair: Repair, reason: string): Promise<void> {
    requireOne("run.repair", repair, repairNames);
    await this.#parts.tasks.repairTask({
      ...this.#which,
      taskId,
      reason,
      idempotencyKey: "",
      repair: repairOf(repair),
    });
  }

  /** Changes its labels, priority and due time, also for tasks that wait for an agent. */
  async label(changes: LabelChanges): Promise<void> {
    requireKnown("run.label", changes, labelNames);
    const { removed = [], dueTime } = changes;
    await this.#parts.runs.labelRun({
      ...this.#which,
      labels: { ...changes.labels },
      removedLabels: [...removed],
      priority: changes.priority,
      dueTime: dueTime && toTimestamp(dueTime.getTime()),
    });
  }

  /** Pauses. Running tasks finish, and no task starts. */
  async pause(reason = ""): Promise<void> {
    await this.#parts.runs.pauseRun({ ...this.#which, reason, idempotencyKey: "" });
  }

  /** Resumes. If tasks are passed, only these resume. */
  async resume(reason = "", taskIds: readonly string[] = []): Promise<void> {
    await this.#parts.runs.resumeRun({ ...this.#which, reason, taskIds: [...taskIds], idempotencyKey: "" });
  }

  /**
   * Ends it: running work is stopped, completed steps are compensated. Resolves when that has started. `noCompensate`
   * leaves completed steps as they are.
   */
  async cancel(reason = "", options: CancelOptions = {}): Promise<void> {
    requireKnown("run.cancel", options, cancelNames);
    const { noCompensate = false } = options;
    await this.#parts.runs.cancelRun({ ...this.#which, reason, noCompensate });
  }

  /** Terminates the run at once, without compensation. */
  async terminate(reason = ""): Promise<void> {
    await this.#parts.runs.terminateRun({ ...this.#which, reason });
  }

  /**
   * Removes an ended run with its history. Returns false if it is already removed. Its id stays reserved for a while.
   */
  async remove(reason = ""): Promise<boolean> {
    return (await this.#parts.runs.deleteRun({ ...this.#which, reason })).removed;
  }

  /** Retries the run from the tasks that did not complete. Completed tasks keep their results. */
  async retry(reason = "", taskIds: readonly string[] = []): Promise<void> {
    await this.#parts.runs.retryRun({ ...this.#which, reason, taskIds: [...taskIds], idempotencyKey: "" });
  }

  /** Resets the run to its state after one of its events, and continues from there. */
  async reset(toEvent: number, reason: string): Promise<void> {
    await this.#parts.runs.resetRun({
      ...this.#which,
      toEvent,
      reason,
      keepSignals: false,
      idempotencyKey: "",
    });
  }

  /**
   * Moves the run to another version of its definition. Completed tasks keep their results, and the rest follows the
   * version. `dryRun` only returns the plan of the move.
   */
  async move(options: MoveOptions & { readonly dryRun?: boolean }, reason = ""): Promise<MoveReview> {
    requireKnown("move", options, moveNames);
    const { to = "", map = {}, restart = false, back = false, dryRun = false } = options;
    const request = { version: to, map: { ...map }, restart, back, dryRun, reason, idempotencyKey: "" };
    return reviewFrom((await this.#parts.runs.moveRun({ ...this.#which, ...request })).review);
  }

  /** Explains the status of the run, or of one of its tasks. */
  async why(taskId = ""): Promise<Explanation> {
    const { explanation } = await this.#parts.runs.explainRun({ ...this.#which, taskId });
    if (explanation === undefined) throw this.#missing();
    return explanation;
  }

  /** Follows it until it ends: the first value has everything, each later one has the changes. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<RunChange, void, void> {
    requireKnown("run.watch", options, watchNames);
    const { signal } = options;
    const request = { ...this.#which, withTasks: true, withPayloads: false };
    const open = (cursor: string) => this.#parts.runs.watchRun({ ...request, cursor }, { signal });
    for await (const { run, tasks } of followed({ open, signal }, this.#parts.ports)) {
      if (run !== undefined || tasks.length > 0) yield { run, tasks };
    }
  }

  /** Yields its events for people, after a number: what happened to a task, the time and the cause. */
  async *events(options: EventsOptions = {}): AsyncGenerator<RunHistoryEvent, void, void> {
    requireKnown("run.events", options, eventsNames);
    const { after = 0, taskId = "" } = options;
    const { runs, namespace } = this.#parts;
    let token = "";
    do {
      const page = { size: eventsPage, token };
      const request = { namespace, runId: this.id, afterEvent: after, taskId, page, withInternal: false };
      const reply = await runs.readHistory(request);
      for (const { event, time, type, taskId: task, details, cause } of reply.events)
        yield {
          event,
          type,
          task,
          time: new Date(time === undefined ? 0 : fromTimestamp(time)),
          // The contract specifies an object.
          details: valueIn(details) as Record<string, unknown>,
          actor: cause?.actor?.id ?? "",
        };
      token = reply.page?.nextToken ?? "";
    } while (token !== "");
  }

  /** Yields its recorded events, as `replay` of the tests expects them. */
  async *history(): AsyncGenerator<HistoryEvent, void, void> {
    const { histories, namespace } = this.#parts;
    const which = { namespace, kind: "run", id: this.id, afterEvent: 0, withJson: true };
    let token = "";
    do {
      const reply = await histories.getHistory({ ...which, page: { size: 0, token } });
      yield* reply.events;
      token = reply.page?.nextToken ?? "";
    } while (token !== "");
  }

  async #decide(approvalId: string, verdict: Verdict, { data, reason = "" }: DecideOptions): Promise<void> {
    const payload = payloadOf(data, "data");
    await this.#parts.tasks.decideApproval({
      ...this.#which,
      approvalId,
      verdict,
      data: payload,
      reason,
      idempotencyKey: "",
    });
  }

  get #which(): { readonly namespace: string; readonly runId: string } {
    return { namespace: this.#parts.namespace, runId: this.id };
  }

  #there(run: RunMessage | undefined): RunMessage {
    if (run === undefined) throw this.#missing();
    return run;
  }

  #missing(): TuttiError {
    return sdkErrors.replyIncomplete({ about: `run ${this.id}` });
  }
}
