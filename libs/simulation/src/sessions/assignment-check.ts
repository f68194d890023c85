/**
 * Checks which works have the tasks of sessions, by the durable events of runs and missions.
 *
 * 1. A task is at one work at a time: another work gets it after the first has released it, or has ended.
 * 2. A task is done once: only one work with the task ends it, until it is to be repeated.
 */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { questionTask } from "@tutti/machine-session";

/** Takes the place of a task that another work does, until it is removed. */
const standIn = "session.elsewhere";

interface ReadWork {
  readonly sessionId: string;
  /** Ids of its tasks, by their nodes. */
  readonly ids: string[];
  /** Nodes of its own tasks. */
  readonly own: Set<number>;
  isOver: boolean;
}

export class AssignmentCheck {
  readonly #works = new Map<string, ReadWork>();
  readonly #find: (problem: string) => void;
  /** Works by session and task. */
  readonly #at = new Map<string, string>();
  readonly #done = new Map<string, string>();

  constructor(find: (problem: string) => void) {
    this.#find = find;
  }

  /** Returns the session of a work. Undefined for none. */
  sessionOf(workId: string): string | undefined {
    return this.#works.get(workId)?.sessionId;
  }

  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  event(workId: string, type: string, body: any): void {
    if (type === "run_started" || type === "mission_started") this.#started(workId, body.order);
    const work = this.#works.get(workId);
    if (work === undefined) return;
    if (type === "tasks_added") this.#assign(workId, work, tasksIn(body));
    else if (type === "tasks_withdrawn") for (const node of body.nodes) this.#unassign(work, node);
    else if (type === "task_completed") this.#completed(workId, work, body.node);
    else if (lasts.has(type)) this.#over(work);
  }

  /** Records that a session was resumed: these tasks are to be done once more. */
  recordRetry(sessionId: string, ids: readonly string[]): void {
    for (const id of ids) this.#done.delete(`${sessionId} ${id}`);
  }

  // biome-ignore lint/suspicious/noExplicitAny: as above
  #started(workId: string, order: any): void {
    // A run with a question to an orchestrator does no task of the session.
    if (order?.parent?.kind !== "session" || order.parent.task === questionTask) return;
    const work: ReadWork = { sessionId: order.parent.id, ids: [], own: new Set(), isOver: false };
    this.#works.set(workId, work);
    this.#assign(workId, work, order.spec === undefined ? tasksIn(order) : tasksIn(order.spec));
  }

  #assign(workId: string, work: ReadWork, tasks: readonly AssignedTask[]): void {
    for (const { id, isStandIn } of tasks) {
      const node = work.ids.length;
      work.ids.push(id);
      if (isStandIn) continue;
      const name = `${work.sessionId} ${id}`;
      const other = this.#at.get(name);
      if (other !== undefined) this.#find(`${workId} is given ${id}, which ${other} has`);
      work.own.add(node);
      this.#at.set(name, workId);
    }
  }

  #unassign({ sessionId, ids, own }: ReadWork, node: number): void {
    if (own.delete(node)) this.#at.delete(`${sessionId} ${ids[node]}`);
  }

  #completed(workId: string, { sessionId, ids, own }: ReadWork, node: number): void {
    if (!own.has(node)) return;
    const name = `${sessionId} ${ids[node]}`;
    const before = this.#done.get(name);
    if (before !== undefined) this.#find(`${workId} completes ${ids[node]}, which ${before} completed`);
    this.#done.set(name, workId);
  }

  #over(work: ReadWork): void {
    work.isOver = true;
    for (const node of [...work.own]) this.#unassign(work, node);
  }
}

interface AssignedTask {
  readonly id: string;
  readonly isStandIn: boolean;
}

/** Returns the tasks of a list of specifications, or of a plan. */
function tasksIn({
  tasks,
  plan,
}: {
  readonly tasks?: readonly TaskSpec[];
  readonly plan?: Uint8Array;
}): AssignedTask[] {
  if (tasks !== undefined) return tasks.map(assignedTaskOf);
  const read = JSON.parse(Buffer.from(plan ?? []).toString()) as Planned;
  const [scope] = read.scopes;
  return read.tasks.slice(0, scope?.count).map(({ id, work }) => ({
    id,
    isStandIn: read.works[work]?.capability === standIn,
  }));
}

interface Planned {
  readonly scopes: readonly { readonly count: number }[];
  /** Tasks outside of it come last. */
  readonly tasks: readonly { readonly id: string; readonly work: number }[];
  readonly works: readonly { readonly capability?: string }[];
}

function assignedTaskOf({ id, work }: TaskSpec): AssignedTask {
  return { id, isStandIn: work?.$case === "capability" && work.value === standIn };
}

const lasts = new Set(
  ["run", "mission"].flatMap((kind) =>
    ["completed", "failed", "cancelled", "terminated", "withdrawn"].map((outcome) => `${kind}_${outcome}`),
  ),
);
