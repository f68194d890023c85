import { governanceAt } from "./governance.fixture.ts";
import {
  adviceAt,
  alertsAt,
  analysisAt,
  capacityAt,
  incidentAt,
  incidentsAt,
  onCallAt,
  policiesNow,
  rotationsNow,
} from "./incidents.fixture.ts";
import { missionApprovalsAt, missionAt, missionStreamAt } from "./missions.fixture.ts";
import { replayAt } from "./replay.fixture.ts";
import {
  allocationsAt,
  deadlocksAt,
  locksAt,
  quotas,
  reservationsAt,
  resources,
} from "./resources.fixture.ts";
import {
  agentsAt,
  approvalsAt,
  deadLettersAt,
  definitionsAt,
  graph,
  inboxes,
  metricList,
  pastOf,
  runsAt,
  schedulesAt,
  seriesAt,
  status,
  triggersAt,
} from "./score.fixture.ts";
import { componentsAt } from "./services.fixture.ts";
import { sessionAt, sessionStreamAt } from "./sessions.fixture.ts";

/** In which state the pages are looked at. */
export type Scene = "full" | "empty" | "loading" | "failing" | "signed-out";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const runsInAll = 100_000;
const pageSize = 200;

const problem = (code: string, detail: string, statusCode: number): Answer => ({
  status: statusCode,
  body: { type: "about:blank", title: "Refused", status: statusCode, code, detail },
});

/** What a route answers in a scene. Undefined where it does not answer at all. */
export function answerOf(scene: Scene, url: URL, nowMs: number): Answer | undefined {
  const { pathname } = url;
  if (pathname === "/v1/sign-in")
    return problem("gateway.token_wrong", "Expected a token that was not used yet, got one that was.", 401);
  if (scene === "signed-out") return problem("gateway.unauthenticated", "Expected to be signed in.", 401);
  if (pathname === "/v1/whoami")
    return ok({ kind: "person", id: "local-admin", roles: ["admin"], by: "cookie", version: "0.1.0" });
  if (pathname === "/v1/pause") return ok({ paused: false, services: [] });
  if (scene === "loading") return undefined;
  if (scene === "failing")
    return problem(
      "mesh.unavailable",
      "The service `workflow` did not answer within 10 s: no instance serves it. See /status for problems.",
      503,
    );
  if (scene !== "empty") return ok(fullAnswer(url, nowMs));
  const isSingle =
    pathname.split("/").length > 3 &&
    !/\/(count|series|usage)$|^\/v1\/(access|analysis|audit|compliance)\/|^\/v1\/watch\/[^/]+$/.test(
      pathname,
    );
  return isSingle
    ? problem("workflow.unknown", `Expected one that is there, got none at ${pathname}.`, 404)
    : ok(emptyAnswer(pathname));
}

const ok = (body: unknown): Answer => ({ status: 200, body });

function emptyAnswer(path: string): unknown {
  if (path === "/v1/status")
    return { name: "platform", health: { level: "healthy", reason: "" }, components: [] };
  return {
    ...{ runs: [], entries: [] },
    counts: [],
    approvals: [],
    inboxes: [],
    definitions: [],
    agents: [],
    pools: [],
    removed: [],
    missions: [],
    sessions: [],
    ...{ resources: [], allocations: [], quotas: [], reservations: [], deadlocks: [], locks: [] },
    removedIds: [],
    live: true,
    schedules: [],
    triggers: [],
    letters: [],
    ...{ source: "insight", metrics: [], processes: [], series: [] },
    firings: [],
    bottlenecks: [],
    causes: [],
    patterns: [],
    incidents: [],
    alerts: [],
    silences: [],
    notifications: [],
    ...{ rotations: [], objectives: [] },
    ...{ rows: [], roles: [], policies: [], versions: [], decisions: [], keys: [], tokens: [] },
    ...{ signIns: [], lockouts: [], missing: [], givers: [] },
    ...{ records: [], checkpoints: [], frameworks: [], reports: [], findings: [], rules: [], schema: "" },
  };
}

function fullAnswer(url: URL, nowMs: number): unknown {
  const { pathname, searchParams } = url;
  const [, , area = "", id = "", part = ""] = pathname.split("/").map(decodeURIComponent);
  const found = <Item>(list: readonly Item[], key: keyof Item) =>
    list.find((each) => each[key] === id) ?? list[0];
  switch (area) {
    case "runs":
      return runAnswer(id, searchParams, nowMs);
    case "approvals":
      return { approvals: approvalsAt(nowMs) };
    case "inboxes":
      return { inboxes };
    case "workflows":
      return workflowAnswer(id, part, nowMs);
    case "agents":
      if (id === "") return { agents: agentsIn(searchParams.getAll("state"), nowMs) };
      return { agent: found(agentsAt(nowMs), "agentId"), work: [] };
    case "sessions":
      return sessionAt(part, nowMs);
    case "missions":
      return missionAt(id, nowMs);
    case "mission-approvals":
      return missionApprovalsAt(nowMs);
    case "watch":
      if (id === "missions") return missionStreamAt(part, nowMs);
      if (id === "sessions") return sessionStreamAt(part, nowMs);
      if (id === "locks") return { locks: locksAt(nowMs), removedNames: [], live: true };
      return { agents: agentsAt(nowMs), removed: [], live: true };
    case "resources":
      return { resources };
    case "allocations":
      return id === "" ? { allocations: allocationsAt() } : allocationsAt(id);
    case "quotas":
      return { quotas };
    case "reservations":
      return { reservations: reservationsAt(nowMs) };
    case "deadlocks":
      return { deadlocks: deadlocksAt(nowMs) };
    case "pools":
      return part === "queue" ? { tasks: queueAt(nowMs) } : { pools: poolsAt(agentsAt(nowMs).length) };
    case "schedules":
      if (id === "") return { schedules: schedulesAt(nowMs) };
      if (id === "preview") return { timesMs: [nowMs + 60_000, nowMs + 120_000, nowMs + 180_000] };
      if (part === "firings") return { firings: schedulesAt(nowMs)[0]?.["recentFirings"] };
      return found(schedulesAt(nowMs), "scheduleId");
    case "triggers":
      if (id === "") return { triggers: triggersAt(nowMs) };
      if (id === "test") return { event: { id: "test", type: "shop.order.created" }, ofSource: true };
      if (part === "dead-letters") return { letters: deadLettersAt(nowMs) };
      return found(triggersAt(nowMs), "triggerId");
    case "bulk":
      return {
        previewToken: "t",
        reviews: [],
        count: 1_204,
        leftAlone: 3,
        groups: [
          { value: "payment.declined", count: 1_100 },
          { value: "stock.gone", count: 104 },
        ],
        sample: runsAt(nowMs, 8),
      };
    case "incidents":
      if (id !== "") return incidentAt(id, searchParams.get("namespace") ?? "default", nowMs);
      return { incidents: incidentsAt(searchParams.get("namespace") ?? "default", nowMs) };
    case "analysis":
      return id === "replays" ? replayAt(searchParams) : analysisAt(nowMs);
    case "advice":
      return adviceAt(nowMs);
    case "cache":
      return id === "usage" ? cacheUsage : cacheAt(nowMs);
    case "capacity":
      return capacityAt(nowMs);
    case "alerts":
      return { alerts: alertsAt(nowMs) };
    case "on-call":
      return { rotations: onCallAt(nowMs) };
    case "rotations":
      return { rotations: rotationsNow };
    case "escalation-policies":
      return { policies: policiesNow };
    case "objectives":
      return { objectives: [] };
    case "alert-rules":
      return { rules: [] };
    case "silences":
      return { silences: [] };
    case "notifications":
      return { notifications: [] };
    case "metrics":
      if (id === "series" && (searchParams.has("namespace") || searchParams.getAll("name").some(isOfProcess)))
        return {
          source: "insight",
          series: searchParams.getAll("name").flatMap((name) => pastOf(name, nowMs)),
        };
      return id === "series" ? { source: "processes", series: seriesAt(nowMs) } : metricList;
    case "status":
      return status;
    case "components":
      return componentsAt(nowMs);
    default:
      return governanceAt(pathname, nowMs) ?? {};
  }
}

const cacheUsage = {
  ...{ outputs: 214, bytes: 986_300_000, bytesMax: 1_073_741_824 },
  ...{ uses: 3_120, hitRate: 0.936, savedMs: 41_700_000 },
};

function cacheAt(nowMs: number) {
  const entry = (at: number, capability: string, more: object) => ({
    ...{ entryId: `${at}f3a9c1e77d20b4`, capability, workflow: "report", runId: `report-${at}`, taskId: "a" },
    ...{ present: true, tags: [], sources: [], bytes: 4_096 * at ** 4, computeMs: 900 * at ** 2 },
    ...{ uses: 40 * at, storeTimeMs: nowMs - 900_000, expireTimeMs: nowMs + 1_800_000 * at },
    ...more,
  });
  return {
    entries: [
      entry(1, "rates.load@^2", { tags: ["rates", "day:2026-11-27"] }),
      entry(2, "totals.compute", { sources: ["1f3a9c1e77d20b4"] }),
      entry(3, "parcel.label", { workflow: "order", expireTimeMs: nowMs - 60_000 }),
      entry(4, "pay.charge", { error: { code: "payment.declined", message: "declined" }, bytes: 0 }),
      entry(5, "image.render", { present: false, runId: "", computingRunId: "gallery-8", uses: 0 }),
    ],
  };
}

const isOfProcess = (name: string) => name.startsWith("process_");

function agentsIn(states: readonly string[], nowMs: number) {
  return agentsAt(nowMs).filter(({ state }) => states.length === 0 || states.includes(String(state)));
}

function poolsAt(ready: number) {
  const capability = (name: string, queued: number, agents = ready) => ({
    ...{ capability: name, version: "1.2.0", agents, queued, freeSlots: agents * 2, running: agents * 3 },
  });
  const capabilities = [capability("parcel.label", 0), capability("pay.charge", 4), capability("sing", 3, 0)];
  const shared = {
    slots: 64,
    freeSlots: 12,
    queued: 7,
    running: 52,
    longestWaitMs: 95_000,
    startsPerSec: 14.2,
  };
  return [
    { pool: "default", labels: {}, status: { agents: { ready }, ...shared, capabilities } },
    {
      ...{ pool: "gpu", labels: {}, description: "Two machines in the cellar.", paused: true },
      ...{ pauseReason: "the cellar is under water", status: { agents: {}, capabilities: [] } },
    },
  ];
}

function queueAt(nowMs: number) {
  const task = (place: number, capability: string, cause: string) => ({
    place,
    capability,
    cause,
    waitedMs: 96_000 - place * 1_000,
    queueTimeMs: nowMs - 96_000,
    attempt: 1,
    work: { kind: "run", id: `order-${place}`, task: "charge" },
  });
  return [task(1, "sing", "no_capability"), task(2, "pay.charge", "busy"), task(3, "pay.charge", "limit")];
}

function runAnswer(id: string, search: URLSearchParams, nowMs: number): unknown {
  if (id === "count")
    return {
      counts: [
        { value: "completed", count: 98_214 },
        { value: "running", count: 37 },
        { value: "failed", count: 12 },
        { value: "paused", count: 2 },
        { value: "cancelled", count: 1_735 },
      ],
    };
  if (id !== "") return { ...runsAt(nowMs, 1)[0], runId: id };
  const from = Number(search.get("token") ?? 0);
  const size = Math.min(pageSize, Number(search.get("size") ?? pageSize));
  const statuses = search.getAll("status");
  const runs = runsAt(nowMs, statuses.length > 0 ? size * 4 : size, from).filter(
    ({ status: each }) => statuses.length === 0 || statuses.includes(String(each)),
  );
  const next = from + size;
  return { runs: runs.slice(0, size), ...(next < runsInAll ? { nextToken: String(next) } : {}) };
}

function workflowAnswer(id: string, part: string, nowMs: number): unknown {
  const definitions = definitionsAt(nowMs);
  if (id === "") return { definitions };
  if (id === "check")
    return {
      problems: [
        {
          severity: "error",
          line: 7,
          column: 11,
          message: "there is no task chrage.",
          expected: "charge",
          path: "tasks.ship.needs[0]",
        },
        {
          severity: "warning",
          line: 3,
          column: 1,
          message: "nothing uses the output of weigh.",
          path: "tasks.weigh",
        },
      ],
      graph,
    };
  if (part === "graph") return graph;
  if (part === "versions") return { versions: definitions.slice(0, 3) };
  return definitions.find(({ name }) => name === id) ?? definitions[0];
}
