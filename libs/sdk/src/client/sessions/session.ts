/** A session, as its client steers and reads it. */
import type {
  Choice,
  CompareModesReply,
  ListDependenciesReply,
  PlanView,
  resourceService,
  Session,
  SessionTask,
  sessionService,
  TaskMove,
} from "@tutti/contracts/session/v1";
import type { Explanation, TaskStatus } from "@tutti/contracts/types/v1";
import type { Client } from "@tutti/mesh";
import { sdkErrors } from "../../errors.ts";
import { flag, type OptionNames, oneOf, requireKnown, text, wholeNumber } from "../../options.ts";
import { type Handle, type WorkState, withState } from "../handle.ts";
import { payloadOf } from "../payloads.ts";
import { type ClientPorts, followed, type WatchOptions, watchNames } from "../work/followed.ts";
import { outputOf, type ResultOptions } from "../work/outcome.ts";
import { type IdempotencyOptions, idempotencyNames, pages } from "../work/paging.ts";
import { taskSpecOf, type WorkTask } from "../work/task.ts";
import { type AfterSession, dependencyOf, type ModeName, modeOf, modes } from "./spec.ts";

export interface SessionParts {
  readonly sessions: Client<typeof sessionService>;
  readonly resources: Pick<
    Client<typeof resourceService>,
    "listDependencies" | "addDependency" | "removeDependency"
  >;
  readonly namespace: string;
  readonly ports: ClientPorts;
}

/** A change of a session: the session if it changed, and its new and changed parts. */
export interface SessionChange {
  readonly session: Session | undefined;
  readonly tasks: readonly SessionTask[];
  readonly choices: readonly Choice[];
  readonly moves: readonly TaskMove[];
}

/** The explanation, and the choices of the session. */
export interface SessionExplanation extends Explanation {
  readonly choices: readonly Choice[];
}

interface SessionTasksOptions {
  readonly statuses?: readonly TaskStatus[];
  /** Those of this part. */
  readonly partId?: string;
  /** With inputs and outputs. */
  readonly withPayloads?: boolean;
}

const tasksNames: OptionNames<SessionTasksOptions> = {
  statuses: [wholeNumber(0)],
  partId: text,
  withPayloads: flag,
};

interface SessionSignalOptions extends IdempotencyOptions {
  /** The part that receives it. Default: all. */
  readonly partId?: string;
}

const signalNames: OptionNames<SessionSignalOptions> = { ...idempotencyNames, partId: text };

interface ReasonOptions {
  readonly reason?: string;
}

const reasonNames: OptionNames<ReasonOptions> = { reason: text };

interface MoveOptions extends IdempotencyOptions {
  readonly to: ModeName;
  readonly reason?: string;
}

const moveNames: OptionNames<MoveOptions> = { ...idempotencyNames, to: oneOf(modes), reason: text };

/** @typeParam Result type of its output */
export class SessionHandle<Result = unknown> implements Handle<Result> {
  readonly id: string;
  /** Whether it existed before this start. */
  readonly existed: boolean;
  readonly #parts: SessionParts;

  constructor(parts: SessionParts, id: string, existed = false) {
    this.#parts = parts;
    this.id = id;
    this.existed = existed;
  }

  /** Returns the current session. `state` is its status as a word. */
  async get(): Promise<Session & { readonly state: WorkState }> {
    const { session } = await this.#parts.sessions.getSession({ ...this.#which, atEvent: 0 });
    return withState(this.#there(session));
  }

  /**
   * Returns its output, as soon as it has ended well. Rejects with its error when it has failed, was cancelled or
   * terminated.
   */
  async result<Output = Result>(options: ResultOptions = {}): Promise<Output> {
    const { sessions, namespace } = this.#parts;
    const output = await outputOf(
      this.id,
      async ({ id, waitMs }, call) => {
        const { session } = await sessions.awaitSession({ namespace, sessionId: id, waitMs }, call);
        return this.#there(session).outcome;
      },
      options,
      this.#parts.ports,
    );
    // The caller sets the type of the output, or its tasks do.
    return output as Output;
  }

  /** Follows it until it ends or the signal aborts: first everything, then the changes. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<SessionChange, void, void> {
    requireKnown("session.watch", options, watchNames);
    const { signal } = options;
    const all = { withTasks: true, withChoices: true, withPayloads: false };
    const request = { ...this.#which, ...all };
    const open = (cursor: string) => this.#parts.sessions.watchSession({ ...request, cursor }, { signal });
    for await (const reply of followed({ open, signal }, this.#parts.ports)) {
      const { session, tasks, choices, moves } = reply;
      if (session !== undefined || tasks.length + choices.length + moves.length > 0)
        yield { session, tasks, choices, moves };
    }
  }

  /** Returns the tasks of all its parts, in their original order. */
  async tasks(options: SessionTasksOptions = {}): Promise<readonly SessionTask[]> {
    requireKnown("session.tasks", options, tasksNames);
    const { statuses = [], partId = "", withPayloads = false } = options;
    const request = { ...this.#which, statuses: [...statuses], partId, withPayloads };
    const found: SessionTask[] = [];
    for await (const task of pages<SessionTask>(async (page) => {
      const reply = await this.#parts.sessions.listTasks({ ...request, page });
      return { items: reply.tasks, token: reply.page?.nextToken };
    }))
      found.push(task);
    return found;
  }

  /** Adds tasks to a running session, all or none. */
  async addTasks(tasks: readonly WorkTask[], options: IdempotencyOptions = {}): Promise<void> {
    requireKnown("session.addTasks", options, idempotencyNames);
    const { idempotencyKey = "" } = options;
    await this.#parts.sessions.addTasks({ ...this.#which, tasks: tasks.map(taskSpecOf), idempotencyKey });
  }

  /** Sends a signal to all running parts, or to one of them. */
  async signal(name: string, payload?: unknown, options: SessionSignalOptions = {}): Promise<void> {
    requireKnown("session.signal", options, signalNames);
    const { idempotencyKey = "", partId = "" } = options;
    await this.#parts.sessions.signalSession({
      ...this.#which,
      signal: name,
      payload: payloadOf(payload, "payload"),
      partId,
      idempotencyKey,
    });
  }

  /** Pauses. Running tasks finish, and no task starts. */
  async pause(reason = ""): Promise<void> {
    await this.#parts.sessions.pauseSession({ ...this.#which, reason });
  }

  async resume(reason = ""): Promise<void> {
    await this.#parts.sessions.resumeSession({ ...this.#which, reason });
  }

  /** Cancels the session, and all work that it started. */
  async cancel(reason = ""): Promise<void> {
    await this.#parts.sessions.cancelSession({ ...this.#which, reason });
  }

  /** Terminates the session at once, and all work that it started. */
  async terminate(reason = ""): Promise<void> {
    await this.#parts.sessions.terminateSession({ ...this.#which, reason });
  }

  /** Retries the session from the tasks that did not complete. Completed tasks keep their results. */
  async retry(reason = "", taskIds: readonly string[] = []): Promise<void> {
    await this.#parts.sessions.retrySession({
      ...this.#which,
      taskIds: [...taskIds],
      reason,
      idempotencyKey: "",
    });
  }

  /** Deletes it after its end. False if it does not exist. */
  async remove(reason = ""): Promise<boolean> {
    return (await this.#parts.sessions.deleteSession({ ...this.#which, reason })).removed;
  }

  /** Moves tasks that have not started to another mode. */
  async moveTasks(taskIds: readonly string[], options: MoveOptions): Promise<readonly TaskMove[]> {
    requireKnown("session.moveTasks", options, moveNames);
    const { to, reason = "", idempotencyKey = "" } = options;
    const { moves } = await this.#parts.sessions.moveTasks({
      ...this.#which,
      taskIds: [...taskIds],
      mode: modeOf(to),
      reason,
      idempotencyKey,
    });
    return moves;
  }

  /** Lists the sessions that it waits for, and the sessions of its namespace that wait for it. */
  dependencies(): Promise<ListDependenciesReply> {
    return this.#parts.resources.listDependencies(this.#which);
  }

  /** Adds a dependency on another session, if it has not started. */
  async addDependency(other: string | AfterSession, options: ReasonOptions = {}): Promise<void> {
    requireKnown("session.addDependency", options, reasonNames);
    const { reason = "" } = options;
    await this.#parts.resources.addDependency({ ...this.#which, dependency: dependencyOf(other), reason });
  }

  /** Removes a dependency on another session, if it has not started. */
  async removeDependency(other: string | AfterSession, options: ReasonOptions = {}): Promise<void> {
    requireKnown("session.removeDependency", options, reasonNames);
    const { reason = "" } = options;
    const { session } = dependencyOf(other);
    await this.#parts.resources.removeDependency({ ...this.#which, session, reason });
  }

  /** Explains the status of the session or of a task, and the choice of its mode. */
  async why(taskId = ""): Promise<SessionExplanation> {
    const { explanation, choices } = await this.#parts.sessions.explainSession({ ...this.#which, taskId });
    if (explanation === undefined) throw this.#missing();
    return { ...explanation, choices };
  }

  /** Returns a plan next to the measured times: the latest plan, or the one with this number. */
  async plan(number = 0): Promise<PlanView> {
    const { plan } = await this.#parts.sessions.getPlan({ ...this.#which, number });
    if (plan === undefined) throw this.#missing();
    return plan;
  }

  /** Simulates an ended session in other modes, with its measured durations, and returns the cost of each. */
  async compareModes(modes: readonly ModeName[] = []): Promise<CompareModesReply> {
    return await this.#parts.sessions.compareModes({ ...this.#which, modes: modes.map(modeOf) });
  }

  get #which(): { readonly namespace: string; readonly sessionId: string } {
    return { namespace: this.#parts.namespace, sessionId: this.id };
  }

  #there(session: Session | undefined): Session {
    if (session === undefined) throw this.#missing();
    return session;
  }

  #missing(): Error {
    return sdkErrors.replyIncomplete({ about: `session ${this.id}` });
  }
}
