/** Lists of work from which facts are recorded, with the tasks of each item. */
import { namespaceService, policyService } from "@tutti/contracts/governance/v1";
import { planningService } from "@tutti/contracts/intelligence/v1";
import { ListSessionsRequest, type Session, sessionService } from "@tutti/contracts/session/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import type { Amounts, PageReply, TimeRange } from "@tutti/contracts/types/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { ofAllPages } from "@tutti/host/serving";
import { errorFromUnknown, fromTimestamp } from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { attemptRows, boardTaskRows, missionRow, runRow, sessionRow, usedBy } from "./rows.ts";
import type { FactRow } from "./tables.ts";

/** One page of a list. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly page: PageReply | undefined;
  readonly indexedMs: number;
}

export interface ListOf<Item> {
  readonly name: string;
  read(
    namespace: string,
    range: { ended?: TimeRange; created?: TimeRange },
    token: string,
  ): Promise<Page<Item>>;
  row(item: Item, used?: Amounts): FactRow;
  /** Returns the rows of the item's attempts, and the usage of its tasks. */
  attempts(item: Item): Promise<{ readonly rows: readonly FactRow[]; readonly used?: Amounts }>;
  /** True if the work has ended. Ended work is recorded by the time of its end, with its usage. */
  hasEnded(item: Item): boolean;
}

export const pageSize = 200;

export function clientsOf(mesh: Pick<Mesh, "client">) {
  return {
    namespaces: mesh.client(namespaceService),
    policies: mesh.client(policyService),
    planning: mesh.client(planningService),
    runs: mesh.client(workflow.runService),
    runTasks: mesh.client(workflow.taskService),
    missions: mesh.client(swarm.missionService),
    board: mesh.client(swarm.boardService),
    sessions: mesh.client(sessionService),
    agents: mesh.client(swarm.agentService),
    pools: mesh.client(swarm.poolService),
  };
}

export function listsOf(
  { runs, runTasks, missions, board, sessions }: ReturnType<typeof clientsOf>,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) {
  const page = (token: string) => ({ size: pageSize, token });
  const ofRuns: ListOf<workflow.Run> = {
    name: "run",
    async read(namespace, filter, token) {
      const request = workflow.ListRunsRequest.fromPartial({ namespace, filter, page: page(token) });
      const { runs: items, page: next, indexedTo } = await runs.listRuns(request, options);
      return { items, page: next, indexedMs: indexedTo === undefined ? 0 : fromTimestamp(indexedTo) };
    },
    row: runRow,
    async attempts(run) {
      if ((run.tasks?.total ?? 0) === 0) return { rows: [] };
      const { namespace, runId } = run;
      const tasks = await everyTask((page) => {
        const request = workflow.ListTasksRequest.fromPartial({ namespace, runId, page });
        return runTasks.listTasks(request, options);
      });
      return { rows: tasks.flatMap((task) => attemptRows(run, task)), used: usedBy(tasks) };
    },
    hasEnded: ({ endTime }) => endTime !== undefined,
  };
  const ofMissions: ListOf<swarm.Mission> = {
    name: "mission",
    async read(namespace, filter, token) {
      const request = swarm.ListMissionsRequest.fromPartial({ namespace, filter, page: page(token) });
      const { missions: items, page: next, indexedTo } = await missions.listMissions(request, options);
      return { items, page: next, indexedMs: indexedTo === undefined ? 0 : fromTimestamp(indexedTo) };
    },
    row: missionRow,
    async attempts(mission) {
      const { namespace, missionId } = mission;
      const tasks = await everyTask((page) => {
        const request = swarm.ListTasksRequest.fromPartial({ namespace, missionId, page });
        return board.listTasks(request, options);
      });
      return { rows: boardTaskRows(mission, tasks), used: usedBy(tasks) };
    },
    hasEnded: ({ endTime }) => endTime !== undefined,
  };
  const ofSessions: ListOf<Session> = {
    name: "session",
    async read(namespace, filter, token) {
      const request = ListSessionsRequest.fromPartial({ namespace, filter, page: page(token) });
      const { sessions: items, page: next, indexedTo } = await sessions.listSessions(request, options);
      return { items, page: next, indexedMs: indexedTo === undefined ? 0 : fromTimestamp(indexedTo) };
    },
    row: sessionRow,
    attempts: async () => ({ rows: [] }),
    hasEnded: ({ endTime }) => endTime !== undefined,
  };
  return [ofRuns, ofMissions, ofSessions] as const;
}

/** Returns the tasks of work, page by page. None if the work was deleted, because lists contain it a while longer. */
export async function everyTask<Item>(
  read: (page: {
    readonly size: number;
    readonly token: string;
  }) => Promise<{ tasks: readonly Item[]; page: PageReply | undefined }>,
): Promise<Item[]> {
  try {
    return await ofAllPages(read, ({ tasks }) => tasks);
  } catch (error) {
    if (errorFromUnknown(error).status !== "NOT_FOUND") throw error;
    return [];
  }
}
