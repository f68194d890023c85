/**
 * Checks that sessions and their tasks end as in sequential execution, unless ended by a caller or timeout.
 */
import { SessionPhase, type TaskNote } from "@tutti/contracts/session/v1";
import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { specOf } from "@tutti/machine-session/testing";
import { doneInOrder, failsWith, type SequentialEnd } from "./sequential.ts";
import type { SessionAgents } from "./session-agents.ts";
import type { SessionCheck } from "./session-check.ts";

export interface EndCheckParts {
  readonly agents: SessionAgents;
  readonly sessions: ReadonlyMap<string, SessionCheck>;
  readonly find: (problem: string) => void;
}

const { WORK_STATUS_COMPLETED: completed, WORK_STATUS_FAILED: failed } = WorkStatus;
const { WORK_STATUS_CANCELLED: cancelled, WORK_STATUS_TERMINATED: terminated } = WorkStatus;

export class EndCheck {
  readonly #parts: EndCheckParts;
  /** The tasks of each session that commands requested. */
  readonly #requested = new Map<string, Set<string>>();
  /** Sessions with a task that failed because of silent agents. */
  readonly #dropped = new Set<string>();

  constructor(parts: EndCheckParts) {
    this.#parts = parts;
  }

  requested(id: string, command: string): void {
    const known = this.#requested.get(id) ?? new Set();
    this.#requested.set(id, known.add(command));
  }

  event(session: SessionCheck, type: string, body: unknown): void {
    if (type === "tasks_noted") for (const note of (body as Noted).notes) this.#noted(session, note);
    if (type === "session_ended") this.#checkEnd(session, body as Ended);
    if (type === "dependency_settled") this.#settled(session, body as Settled);
  }

  /** Checks that no session ended too early. */
  finish(): void {
    for (const { id, isOver, open } of this.#parts.sessions.values())
      if (!isOver) this.#parts.find(`${id} has not ended: ${open}`);
  }

  #noted(session: SessionCheck, { task, status, output, error }: TaskNote): void {
    const { spec, part } = session.state.tasks[task] ?? neverTask(task);
    const name = `${session.id}: ${spec.id}`;
    const end = this.#endOf(session, spec.id);
    if (status === TaskStatus.TASK_STATUS_COMPLETED) this.#wasDone(name, { session, part, output, end });
    else if (status === TaskStatus.TASK_STATUS_FAILED) {
      if (error?.code.startsWith("work.") !== true) this.#dropped.add(session.id);
      else if (end.outcome !== "failed")
        this.#parts.find(`${name} failed (${error?.code}), expected it ${end.outcome}`);
    } else if (
      status === TaskStatus.TASK_STATUS_SKIPPED &&
      end.outcome !== "skipped" &&
      !this.#isDisturbed(session)
    )
      this.#parts.find(`${name} was skipped, expected it ${end.outcome}`);
  }

  #wasDone(name: string, { session, part, output, end }: Done): void {
    const { find, agents } = this.#parts;
    const result = JSON.parse(Buffer.from(output).toString()) as {
      readonly value: number;
      readonly by: string;
    };
    if (end.outcome !== "completed") {
      if (!this.#isDisturbed(session)) find(`${name} was done, expected it ${end.outcome}`);
    } else if (result.value !== end.value) find(`${name} returned ${result.value}, expected ${end.value}`);
    const assigned = agents.assigned.get(result.by);
    if (assigned === undefined) find(`${name} was done by ${result.by}, who was not given it`);
    else if (!assigned.workId.startsWith(`${session.id}..p${part + 1}..`))
      find(`${name} of part ${part} was done for ${assigned.workId}`);
  }

  #checkEnd(session: SessionCheck, { status, output, error }: Ended): void {
    const { id, state } = session;
    const spec = specOf(state);
    const specs = state.tasks.map((task) => task.spec);
    const requested = this.#requested.get(id) ?? new Set();
    const mayFail =
      failsWith(specs) ||
      this.#dropped.has(id) ||
      (error?.code === "session.timed_out" && spec.timeoutMs > 0) ||
      (error?.code === "session.dependency_failed" && spec.dependsOn.length > 0) ||
      ((spec.budget?.tokens ?? 0) > 0 && /used_up/.test(JSON.stringify(error))) ||
      requested.has("add_tasks");
    const isAllowed =
      (status === completed && (!failsWith(specs) || requested.has("add_tasks"))) ||
      (status === failed && mayFail) ||
      (status === cancelled && requested.has("cancel_session")) ||
      (status === terminated && requested.has("terminate_session"));
    if (!isAllowed)
      this.#parts.find(`${id} ended as ${status} (${error?.code ?? ""}: ${error?.message ?? ""})`);
    const first = this.#endOf(session, "t0");
    const text = spec.work?.$case === "tasks" ? spec.work.value.output : "";
    if (status !== completed || text === "" || first.outcome !== "completed") return;
    const found = Buffer.from(output).toString();
    if (found !== String(first.value)) this.#parts.find(`${id} returned ${found}, expected ${first.value}`);
  }

  /** Checks that a dependency has ended, with this status. */
  #settled({ id, state }: SessionCheck, { dependency, status }: Settled): void {
    const other = specOf(state).dependsOn[dependency]?.session?.id ?? "";
    const known = this.#parts.sessions.get(other);
    if (known?.state.ending !== status && this.#requested.get(other)?.has("retry_session") !== true)
      this.#parts.find(
        `${id} is notified that ${other} ended as ${status}, but its status is ${known?.state.ending}`,
      );
  }

  #endOf(session: SessionCheck, id: string): SequentialEnd {
    const end = doneInOrder(session.state.tasks.map(({ spec }) => spec)).get(id);
    return end ?? { outcome: "skipped" };
  }

  /** Returns whether its course was changed: a caller is ending it, or agents were lost. */
  #isDisturbed({ id, state }: SessionCheck): boolean {
    return this.#dropped.has(id) || state.phase === SessionPhase.SESSION_PHASE_STOPPING;
  }
}

function neverTask(number: number): never {
  throw new Error(`there is no task ${number}`);
}

interface Noted {
  readonly notes: readonly TaskNote[];
}

interface Done {
  readonly session: SessionCheck;
  readonly part: number;
  readonly output: Uint8Array;
  readonly end: SequentialEnd;
}

interface Ended {
  readonly status: WorkStatus;
  readonly output: Uint8Array;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

interface Settled {
  readonly dependency: number;
  readonly status: WorkStatus;
}
