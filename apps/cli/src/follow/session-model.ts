/** A followed session or mission, built from the replies of its stream. */
import type {
  BoardTask,
  Mission,
  Session,
  SessionTask,
  WatchMissionReply,
  WatchSessionReply,
} from "@tutti/rest/types";
import { modeText } from "../terminal/modes.ts";
import { startOf } from "../terminal/progress.ts";
import { displayOf } from "../terminal/states.ts";
import type { Followed, WorkChanges, WorkSummary } from "./model.ts";
import type { RunView, TaskView } from "./run-view.ts";

export class SessionModel implements Followed<WatchSessionReply> {
  #session: Session | undefined;
  readonly #tasks = new Map<string, SessionTask>();
  #last: Partial<WatchSessionReply> = {};

  get summary(): WorkSummary | undefined {
    return this.#session && summaryOf(this.#session);
  }

  get failedTask(): string | undefined {
    return [...this.#tasks.values()].find(({ status }) => status === "failed")?.spec?.id;
  }

  get changes(): WorkChanges {
    const { session, tasks = [] } = this.#last;
    return { tasks: tasks.map(taskView), summary: session && summaryOf(session) };
  }

  reset(): void {
    this.#tasks.clear();
  }

  apply(reply: Partial<WatchSessionReply>): void {
    const { session, tasks = [] } = reply;
    this.#last = reply;
    if (session !== undefined) this.#session = session;
    for (const task of tasks) this.#tasks.set(task.spec?.id ?? "", task);
  }

  view(): RunView | undefined {
    return this.#session && viewOfSession(this.#session, [...this.#tasks.values()]);
  }
}

const summaryOf = ({ sessionId: id, status, statusReason = "" }: Session): WorkSummary => ({
  id,
  status,
  statusReason,
});

/** Returns the drawn part of a session and its tasks, in any mode. */
export function viewOfSession(session: Session, tasks: readonly SessionTask[]): RunView {
  const { sessionId, status, statusReason = "", effectiveMode, spec, tasks: counts = {} } = session;
  const mode = modeText(spec?.mode, effectiveMode);
  return {
    id: sessionId,
    workflow: [spec?.title ?? "", mode].filter((part) => part !== "").join(" · "),
    state: status,
    reason: statusReason,
    progress: status === "completed" ? 1 : (session.progress ?? 0),
    startMs: startOf(session),
    endMs: session.endTimeMs,
    openApprovals: session.openApprovals ?? 0,
    counts: counts as Readonly<Record<string, number>>,
    tasks: tasks.map(taskView),
  };
}

export class MissionModel implements Followed<WatchMissionReply> {
  #mission: Mission | undefined;
  readonly #tasks = new Map<string, BoardTask>();
  #last: Partial<WatchMissionReply> = {};

  get summary(): WorkSummary | undefined {
    return this.#mission && missionSummaryOf(this.#mission);
  }

  get failedTask(): string | undefined {
    return [...this.#tasks.values()].find(({ status }) => status === "failed")?.spec?.id;
  }

  get changes(): WorkChanges {
    const { mission, tasks = [] } = this.#last;
    return { tasks: tasks.map(taskView), summary: mission && missionSummaryOf(mission) };
  }

  reset(): void {
    this.#tasks.clear();
  }

  apply(reply: Partial<WatchMissionReply>): void {
    const { mission, tasks = [] } = reply;
    this.#last = reply;
    if (mission !== undefined) this.#mission = mission;
    for (const task of tasks) this.#tasks.set(task.spec?.id ?? "", task);
  }

  view(): RunView | undefined {
    return this.#mission && viewOfMission(this.#mission, [...this.#tasks.values()]);
  }
}

const missionSummaryOf = ({ missionId: id, status, statusReason = "" }: Mission): WorkSummary => ({
  id,
  status,
  statusReason,
});

function viewOfMission(mission: Mission, tasks: readonly BoardTask[]): RunView {
  const { missionId, definition = "", status, statusReason = "", spec, tasks: counts = {} } = mission;
  const ended = tasks.filter((task) => displayOf(task.status).isEnded).length;
  return {
    id: missionId,
    workflow: definition === "" ? (spec?.goal ?? "") : definition,
    state: status,
    reason: statusReason,
    progress: status === "completed" ? 1 : ended / Math.max(1, tasks.length),
    startMs: startOf(mission),
    endMs: mission.endTimeMs,
    openApprovals: mission.openApprovals ?? 0,
    counts: counts as Readonly<Record<string, number>>,
    tasks: tasks.map(taskView),
  };
}

/** Returns the time of the change to a state that has not ended. Queued again, a task keeps its first times. */
function startOfState(
  status: string,
  { startTimeMs, readyTimeMs }: Pick<SessionTask, "startTimeMs" | "readyTimeMs">,
): number | undefined {
  if (status === "running") return startTimeMs ?? readyTimeMs;
  return status === "queued" && startTimeMs === undefined ? readyTimeMs : undefined;
}

function taskView({
  spec,
  status,
  statusReason = "",
  attempts = 0,
  outcome,
  ...task
}: SessionTask | BoardTask): TaskView {
  return {
    id: spec?.id ?? "",
    title: spec?.title ?? "",
    kind: "uses",
    uses: spec?.capability ?? spec?.workflow?.name ?? spec?.mission?.name ?? "",
    needs: (spec?.needs ?? []).map(({ task: id = "" }) => id),
    state: status,
    reason: statusReason,
    attempts,
    error: outcome?.failed?.message ?? "",
    startMs: task.startTimeMs ?? task.readyTimeMs,
    endMs: task.endTimeMs,
    changeMs: task.endTimeMs ?? startOfState(status, task),
    nextMs: undefined,
    progress: 0,
    entries: undefined,
    used: undefined,
    parts: [],
  };
}
