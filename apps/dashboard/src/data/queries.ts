import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type {
  Agent,
  Approval,
  CompareModesReply,
  Definition,
  GetAgentReply,
  GetPlanReply,
  Graph,
  KeyedObject,
  ListAgentsReply,
  ListApprovalsReply,
  ListChoicesReply,
  ListComponentsReply,
  ListDeadLettersReply,
  ListDefinitionsReply,
  ListDefinitionVersionsReply,
  ListFilesReply,
  ListFiringsReply,
  ListInboxesReply,
  ListMissionApprovalsReply,
  ListMissionsReply,
  ListObjectsReply,
  ListPoolsReply,
  ListQueueReply,
  ListRunsReply,
  ListSchedulesReply,
  ListSessionsReply,
  ListTriggersReply,
  MetricSeries,
  MissingRights,
  Routes,
  Run,
  RunCount,
  Schedule,
  Trigger,
  Whoami,
} from "@tutti/rest/types";
import { nowMs } from "../effects/time.ts";
import { pathOf } from "../elements/spelled.ts";
import { storeRights } from "./rights.ts";
import { CallFailed, send } from "./send.ts";

/** Queries of the dashboard. Events invalidate them by the first word of the key, and an id if there is one. */

export type Filter = NonNullable<Parameters<typeof pathOf>[1]>;

/** Reads a route. The response has the form that the description of the routes specifies, with bytes as values. */
export async function read<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  return (await send({ method: "GET", path }, signal)) as Answer;
}

/** Reads a list to its end, from a path that has the size of its pages. */
export async function readAllPages<Answer extends { readonly nextToken?: string }>(
  path: string,
  entries: keyof Answer & string,
  signal: AbortSignal,
): Promise<Answer> {
  const pages = [await read<Answer>(path, signal)];
  for (let token = pages[0]?.nextToken; token; token = pages.at(-1)?.nextToken)
    pages.push(await read<Answer>(`${path}&token=${encodeURIComponent(token)}`, signal));
  return { ...(pages.at(-1) as Answer), [entries]: pages.flatMap((page) => page[entries]) };
}

export const callerQuery = () =>
  queryOptions({
    queryKey: ["who"],
    queryFn: ({ signal }) => read<Whoami>(pathOf(["whoami"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

type SignInMethods = Routes["waysToSignIn"]["reply"];

export const signInMethodsQuery = () =>
  queryOptions({
    queryKey: ["ways-to-sign-in"],
    queryFn: ({ signal }) => read<SignInMethods>(pathOf(["sign-in"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Polled: a role may be granted or removed while the page is open. */
export const rightsQuery = () =>
  queryOptions({
    queryKey: ["rights"],
    queryFn: async ({ signal }) => storeRights(await read<MissingRights>(pathOf(["missing-rights"]), signal)),
    staleTime: 60_000,
  });

const runPageSize = 200;

export const runsQuery = (filter: Filter) =>
  infiniteQueryOptions({
    queryKey: ["run-list", filter],
    queryFn: ({ signal, pageParam }) =>
      read<ListRunsReply>(pathOf(["runs"], { ...filter, size: runPageSize, token: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken || undefined,
  });

export const someRunsQuery = (filter: Filter, size: number) =>
  queryOptions({
    queryKey: ["runs", { some: filter, size }],
    queryFn: ({ signal }) => read<ListRunsReply>(pathOf(["runs"], { ...filter, size }), signal),
  });

export const countsQuery = (filter: Filter, by: string) =>
  queryOptions({
    queryKey: ["counts", { filter, by }],
    queryFn: ({ signal }) =>
      read<{ counts: readonly RunCount[] }>(pathOf(["runs", "count"], { ...filter, by }), signal),
  });

/** Queries of the overview, for the page itself and for prefetching. */
export const latestRunsQuery = () => someRunsQuery({}, 200);
export const statusCountsQuery = () => countsQuery({}, "status");

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => read<Run>(pathOf(["runs", runId]), signal),
  });

const filesMax = 500;

export const runFilesQuery = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId, "files"],
    queryFn: ({ signal }) =>
      read<ListFilesReply>(pathOf(["runs", runId, "files"], { size: filesMax }), signal),
  });

/** Without the right to read runs, a user with the right to read questions sees only those. */
function emptyIfForbidden(error: unknown): ListMissionApprovalsReply {
  if (error instanceof CallFailed && error.error.status === 403) return { approvals: [] };
  throw error;
}

const oldestFirst = (one: Approval, other: Approval) => (one.requestTimeMs ?? 0) - (other.requestTimeMs ?? 0);

/** Approvals of runs and of missions. For the person who decides, they are the same. */
export const approvalsQuery = (verdict: readonly string[] = []) =>
  queryOptions({
    queryKey: ["approvals", { verdict }],
    queryFn: ({ signal }) => openApprovals({ verdict, size: 500 }, signal),
  });

async function openApprovals(query: Parameters<typeof pathOf>[1], signal: AbortSignal) {
  const [ofRuns, ofMissions] = await Promise.all([
    read<ListApprovalsReply>(pathOf(["approvals"], query), signal),
    read<ListMissionApprovalsReply>(pathOf(["mission-approvals"], query), signal).catch(emptyIfForbidden),
  ]);
  return { approvals: [...ofRuns.approvals, ...ofMissions.approvals].sort(oldestFirst) };
}

/** Those that the signed-in person may decide. */
export const myApprovalsQuery = () =>
  queryOptions({
    queryKey: ["approvals", { mine: true }],
    queryFn: ({ signal }) => openApprovals({ mine: true, size: 500 }, signal),
  });

export const inboxesQuery = () =>
  queryOptions({
    queryKey: ["inboxes"],
    queryFn: ({ signal }) => read<ListInboxesReply>(pathOf(["inboxes"], { size: 500 }), signal),
  });

export const workflowsQuery = (filter: Filter = {}) =>
  queryOptions({
    queryKey: ["workflows", filter],
    queryFn: ({ signal }) =>
      readAllPages<ListDefinitionsReply>(
        pathOf(["workflows"], { ...filter, size: 1000 }),
        "definitions",
        signal,
      ),
  });

export const workflowQuery = (name: string, version: { hash?: string; label?: string } = {}) =>
  queryOptions({
    queryKey: ["workflow", { name, ...version }],
    queryFn: ({ signal }) =>
      read<Definition>(pathOf(["workflows", name], { ...version, withSource: true }), signal),
  });

export const versionsQuery = (name: string) =>
  queryOptions({
    queryKey: ["workflow", { versions: name }],
    queryFn: ({ signal }) =>
      read<ListDefinitionVersionsReply>(pathOf(["workflows", name, "versions"]), signal),
  });

export const graphQuery = (name: string, version: { hash?: string } = {}) =>
  queryOptions({
    queryKey: ["workflow", { graph: name, ...version }],
    queryFn: ({ signal }) => read<Graph>(pathOf(["workflows", name, "graph"], version), signal),
  });

/** Those of whom nothing is heard. */
export const absentAgentsQuery = () =>
  queryOptions({
    queryKey: ["agents", { absent: true }],
    queryFn: ({ signal }) =>
      read<ListAgentsReply>(pathOf(["agents"], { state: ["suspect", "gone"], size: 20 }), signal),
  });

export const poolsQuery = () =>
  queryOptions({
    queryKey: ["pools"],
    queryFn: ({ signal }) => readAllPages<ListPoolsReply>(pathOf(["pools"], { size: 1000 }), "pools", signal),
  });

/** Those that come next. */
export const poolQueueQuery = (pool: string) =>
  queryOptions({
    queryKey: ["pools", { queue: pool }],
    queryFn: ({ signal }) => read<ListQueueReply>(pathOf(["pools", pool, "queue"], { size: 100 }), signal),
  });

export const agentQuery = ({ agentId, pool }: Pick<Agent, "agentId" | "pool">) =>
  queryOptions({
    queryKey: ["agents", { agentId, pool }],
    queryFn: ({ signal }) => read<GetAgentReply>(pathOf(["agents", agentId ?? ""], { pool }), signal),
  });

export const someMissionsQuery = (filter: Filter, size: number) =>
  queryOptions({
    queryKey: ["missions", { some: filter, size }],
    queryFn: ({ signal }) => read<ListMissionsReply>(pathOf(["missions"], { ...filter, size }), signal),
  });

export const missionApprovalsQuery = (missionId: string) =>
  queryOptions({
    queryKey: ["mission", missionId, "approvals"],
    queryFn: ({ signal }) =>
      read<ListMissionApprovalsReply>(
        pathOf(["mission-approvals"], { workId: missionId, size: 100 }),
        signal,
      ),
  });

export const someSessionsQuery = (filter: Filter, size: number) =>
  queryOptions({
    queryKey: ["sessions", { some: filter, size }],
    queryFn: ({ signal }) => read<ListSessionsReply>(pathOf(["sessions"], { ...filter, size }), signal),
  });

/** Refetched with each event of the session. */
export const planQuery = (sessionId: string, number: number, event: number) =>
  queryOptions({
    queryKey: ["session", sessionId, "plan", number, event],
    queryFn: ({ signal }) =>
      read<GetPlanReply>(pathOf(["sessions", sessionId, "plan"], number === 0 ? {} : { number }), signal),
  });

/** For an ended session, which no longer changes. */
export const compareQuery = (sessionId: string) =>
  queryOptions({
    queryKey: ["session", sessionId, "compare"],
    queryFn: ({ signal }) => read<CompareModesReply>(pathOf(["sessions", sessionId, "compare"]), signal),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const schedulesQuery = () =>
  queryOptions({
    queryKey: ["schedules"],
    queryFn: ({ signal }) =>
      readAllPages<ListSchedulesReply>(pathOf(["schedules"], { size: 1000 }), "schedules", signal),
  });

export const scheduleQuery = (scheduleId: string) =>
  queryOptions({
    queryKey: ["schedule", scheduleId],
    queryFn: ({ signal }) => read<Schedule>(pathOf(["schedules", scheduleId]), signal),
  });

export const firingsQuery = (scheduleId: string) =>
  queryOptions({
    queryKey: ["schedule", scheduleId, "firings"],
    queryFn: ({ signal }) =>
      read<ListFiringsReply>(pathOf(["schedules", scheduleId, "firings"], { size: 100 }), signal),
  });

export const triggersQuery = () =>
  queryOptions({
    queryKey: ["triggers"],
    queryFn: ({ signal }) =>
      readAllPages<ListTriggersReply>(pathOf(["triggers"], { size: 1000 }), "triggers", signal),
  });

/** Its counts change with its runs, so that each event of a run touches it. */
export const triggerQuery = (triggerId: string) =>
  queryOptions({
    queryKey: ["triggers", { triggerId }],
    queryFn: ({ signal }) => read<Trigger>(pathOf(["triggers", triggerId]), signal),
  });

export const objectsQuery = () =>
  queryOptions({
    queryKey: ["objects"],
    queryFn: ({ signal }) => read<ListObjectsReply>(pathOf(["objects"], { size: 200 }), signal),
  });

/** Its calls are runs, so that each event of a run touches it. */
export const objectQuery = (name: string, key: string) =>
  queryOptions({
    queryKey: ["objects", { name, key }],
    queryFn: ({ signal }) => read<KeyedObject>(pathOf(["objects", name, key]), signal),
  });

export const deadLettersQuery = (triggerId: string) =>
  queryOptions({
    queryKey: ["triggers", { triggerId }, "dead"],
    queryFn: ({ signal }) =>
      read<ListDeadLettersReply>(pathOf(["triggers", triggerId, "dead-letters"], { size: 100 }), signal),
  });

/** The processes whose metrics there are, and which do not answer. */
export const metricProcessesQuery = () =>
  queryOptions({
    queryKey: ["metric-processes"],
    queryFn: async ({ signal }) =>
      (await read<Pick<Routes["metrics.list"]["reply"], "processes">>(pathOf(["metrics"]), signal)).processes,
    refetchInterval: 30_000,
  });

/** As far back as the memory of each process has values by the second. */
const figuresSinceMs = 300_000;

export const metricSeriesQuery = (name: readonly string[]) =>
  queryOptions({
    queryKey: ["series", { name }],
    queryFn: ({ signal }) =>
      read<{ series: readonly MetricSeries[] }>(
        pathOf(["metrics", "series"], { name, live: true, fromMs: nowMs() - figuresSinceMs, points: 150 }),
        signal,
      ),
  });

export const statusQuery = () =>
  queryOptions({ queryKey: ["status"], queryFn: ({ signal }) => read<unknown>(pathOf(["status"]), signal) });

/** All processes of the installation with their components. */
export const componentsQuery = () =>
  queryOptions({
    queryKey: ["components"],
    queryFn: ({ signal }) => read<ListComponentsReply>(pathOf(["components"]), signal),
  });

/** Choices for sessions, those of the latest session first. */
export const choicesQuery = (filter: { readonly mode?: string }) =>
  infiniteQueryOptions({
    queryKey: ["choices", filter],
    queryFn: ({ signal, pageParam }) =>
      read<ListChoicesReply>(pathOf(["choices"], { ...filter, size: 50, token: pageParam }), signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextToken || undefined,
  });
