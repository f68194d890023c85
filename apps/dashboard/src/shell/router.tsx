import {
  createRootRoute,
  createRoute,
  createRouter,
  type ErrorComponentProps,
  Link,
  lazyRouteComponent,
} from "@tanstack/react-router";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { currentConnection, subscribeConnection } from "../data/connection.ts";
import {
  approvalsQuery,
  latestRunsQuery,
  poolsQuery,
  runsQuery,
  statusCountsQuery,
} from "../data/queries.ts";
import { queryClient } from "../data/query-client.ts";
import { Empty, Failure, PageHead } from "../elements/parts.tsx";
import { useWindowTitle } from "../elements/work-page.tsx";
import { accessSearch } from "../pages/access/search.ts";
import { analysisSearch } from "../pages/analysis/search.ts";
import { auditSearch } from "../pages/audit/search.ts";
import { cacheSearch } from "../pages/cache/cache.ts";
import { capacitySearch } from "../pages/capacity/search.ts";
import { exploreSearch } from "../pages/explore/search.ts";
import { inboxSearch } from "../pages/inbox/waiting.ts";
import { incidentSearch, incidentsSearch } from "../pages/incidents/search.ts";
import { metricsSearch } from "../pages/metrics/search.ts";
import { missionSearch, missionsSearch } from "../pages/missions/search.ts";
import { OverviewPage } from "../pages/overview/overview-page.tsx";
import { policySearch } from "../pages/policies/search.ts";
import { reportsSearch } from "../pages/reports/report.ts";
import { ruleSearch } from "../pages/rules/search.ts";
import { parametersOf } from "../pages/runs/filter.ts";
import { runsSearch } from "../pages/runs/search.ts";
import { choicesSearch, sessionSearch, sessionsSearch } from "../pages/sessions/search.ts";
import { whatIfSearch } from "../pages/what-if/search.ts";
import { Frame } from "./frame.tsx";
import { pageFailureOf } from "./page-failure.ts";

const root = createRootRoute({ component: Frame, notFoundComponent: NotHere });

const nonEmpty = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

const overview = createRoute({
  getParentRoute: () => root,
  path: "/",
  // Loaded while the program of the page is still loading. No code waits for the data here.
  loader: () => {
    void queryClient.prefetchQuery(latestRunsQuery());
    void queryClient.prefetchQuery(statusCountsQuery());
    void queryClient.prefetchQuery(approvalsQuery());
    void queryClient.prefetchQuery(poolsQuery());
  },
  // Part of the first bundle, so that the first page needs no second one.
  component: OverviewPage,
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: runsSearch,
  loaderDeps: ({ search }) => search,
  loader: ({ deps }) => {
    if (deps.within === undefined) void queryClient.prefetchInfiniteQuery(runsQuery(parametersOf(deps, 0)));
  },
  component: lazyRouteComponent(() => import("../pages/runs/runs-page.tsx"), "RunsPage"),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  validateSearch: (search: Record<string, unknown>): { workflow?: string; like?: string } => {
    const workflow = nonEmpty(search["workflow"]);
    const like = nonEmpty(search["like"]);
    return { ...(workflow === undefined ? {} : { workflow }), ...(like === undefined ? {} : { like }) };
  },
  component: lazyRouteComponent(() => import("../pages/start/start-page.tsx"), "StartPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: (search: Record<string, unknown>): { view?: string; task?: string; event?: number } => {
    const view = nonEmpty(search["view"]);
    const task = nonEmpty(search["task"]);
    const event = Number(search["event"]);
    return {
      ...(view === undefined ? {} : { view }),
      ...(task === undefined ? {} : { task }),
      ...(Number.isInteger(event) && event > 0 ? { event } : {}),
    };
  },
  component: lazyRouteComponent(() => import("../run/run-page.tsx"), "RunPage"),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  validateSearch: inboxSearch,
  component: lazyRouteComponent(() => import("../pages/inbox/inbox-page.tsx"), "InboxPage"),
});

const missions = createRoute({
  getParentRoute: () => root,
  path: "/missions",
  validateSearch: missionsSearch,
  component: lazyRouteComponent(() => import("../pages/missions/missions-page.tsx"), "MissionsPage"),
});

const mission = createRoute({
  getParentRoute: () => root,
  path: "/missions/$missionId",
  validateSearch: missionSearch,
  component: lazyRouteComponent(() => import("../pages/missions/mission-page.tsx"), "MissionPage"),
});

const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  validateSearch: sessionsSearch,
  component: lazyRouteComponent(() => import("../pages/sessions/sessions-page.tsx"), "SessionsPage"),
});

const session = createRoute({
  getParentRoute: () => root,
  path: "/sessions/$sessionId",
  validateSearch: sessionSearch,
  component: lazyRouteComponent(() => import("../pages/sessions/session-page.tsx"), "SessionPage"),
});

const choices = createRoute({
  getParentRoute: () => root,
  path: "/choices",
  validateSearch: choicesSearch,
  component: lazyRouteComponent(() => import("../pages/sessions/choices-page.tsx"), "ChoicesPage"),
});

const race = createRoute({
  getParentRoute: () => root,
  path: "/race",
  validateSearch: (search: Record<string, unknown>): { of?: string } => {
    const of = nonEmpty(search["of"]);
    return of === undefined ? {} : { of };
  },
  component: lazyRouteComponent(() => import("../pages/race/race-page.tsx"), "RacePage"),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  component: lazyRouteComponent(() => import("../pages/workflows/workflows-page.tsx"), "WorkflowsPage"),
});

const editor = createRoute({
  getParentRoute: () => root,
  path: "/editor",
  validateSearch: (search: Record<string, unknown>): { workflow?: string } => {
    const workflow = nonEmpty(search["workflow"]);
    return workflow === undefined ? {} : { workflow };
  },
  component: lazyRouteComponent(() => import("../pages/workflows/editor-page.tsx"), "EditorPage"),
});

const templates = createRoute({
  getParentRoute: () => root,
  path: "/templates",
  component: lazyRouteComponent(() => import("../pages/templates/templates-page.tsx"), "TemplatesPage"),
});

const template = createRoute({
  getParentRoute: () => root,
  path: "/templates/$kind/$name",
  component: lazyRouteComponent(() => import("../pages/templates/template-page.tsx"), "TemplatePage"),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: "/workflows/$name",
  component: lazyRouteComponent(() => import("../pages/workflows/workflow-page.tsx"), "WorkflowPage"),
});

const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  component: lazyRouteComponent(() => import("../pages/workers/workers-page.tsx"), "WorkersPage"),
});

const pools = createRoute({
  getParentRoute: () => root,
  path: "/pools",
  component: lazyRouteComponent(() => import("../pages/pools/pools-page.tsx"), "PoolsPage"),
});

const resources = createRoute({
  getParentRoute: () => root,
  path: "/resources",
  component: lazyRouteComponent(() => import("../pages/resources/resources-page.tsx"), "ResourcesPage"),
});

const schedules = createRoute({
  getParentRoute: () => root,
  path: "/schedules",
  component: lazyRouteComponent(() => import("../pages/schedules/schedules-page.tsx"), "SchedulesPage"),
});

const schedule = createRoute({
  getParentRoute: () => root,
  path: "/schedules/$scheduleId",
  component: lazyRouteComponent(() => import("../pages/schedules/schedule-page.tsx"), "SchedulePage"),
});

const triggers = createRoute({
  getParentRoute: () => root,
  path: "/triggers",
  component: lazyRouteComponent(() => import("../pages/triggers/triggers-page.tsx"), "TriggersPage"),
});

const trigger = createRoute({
  getParentRoute: () => root,
  path: "/triggers/$triggerId",
  component: lazyRouteComponent(() => import("../pages/triggers/trigger-page.tsx"), "TriggerPage"),
});

const objects = createRoute({
  getParentRoute: () => root,
  path: "/objects",
  component: lazyRouteComponent(() => import("../pages/objects/objects-page.tsx"), "ObjectsPage"),
});

const object = createRoute({
  getParentRoute: () => root,
  path: "/objects/$name/$key",
  component: lazyRouteComponent(() => import("../pages/objects/object-page.tsx"), "ObjectPage"),
});

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  validateSearch: accessSearch,
  component: lazyRouteComponent(() => import("../pages/access/access-page.tsx"), "AccessPage"),
});

const policy = createRoute({
  getParentRoute: () => root,
  path: "/policy",
  validateSearch: policySearch,
  component: lazyRouteComponent(() => import("../pages/policies/policy-page.tsx"), "PolicyPage"),
});

const rule = createRoute({
  getParentRoute: () => root,
  path: "/rule",
  validateSearch: ruleSearch,
  component: lazyRouteComponent(() => import("../pages/rules/rule-page.tsx"), "RulePage"),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("../pages/audit/audit-page.tsx"), "AuditPage"),
});

const alerts = createRoute({
  getParentRoute: () => root,
  path: "/alerts",
  component: lazyRouteComponent(() => import("../pages/alerts/alerts-page.tsx"), "AlertsPage"),
});

const incidents = createRoute({
  getParentRoute: () => root,
  path: "/incidents",
  validateSearch: incidentsSearch,
  component: lazyRouteComponent(() => import("../pages/incidents/incidents-page.tsx"), "IncidentsPage"),
});

const incident = createRoute({
  getParentRoute: () => root,
  path: "/incidents/$incidentId",
  validateSearch: incidentSearch,
  component: lazyRouteComponent(() => import("../pages/incidents/incident-page.tsx"), "IncidentPage"),
});

const analysis = createRoute({
  getParentRoute: () => root,
  path: "/analysis",
  validateSearch: analysisSearch,
  component: lazyRouteComponent(() => import("../pages/analysis/analysis-page.tsx"), "AnalysisPage"),
});

const whatIf = createRoute({
  getParentRoute: () => root,
  path: "/what-if",
  validateSearch: whatIfSearch,
  component: lazyRouteComponent(() => import("../pages/what-if/what-if-page.tsx"), "WhatIfPage"),
});

const advice = createRoute({
  getParentRoute: () => root,
  path: "/advice",
  component: lazyRouteComponent(() => import("../pages/advice/advice-page.tsx"), "AdvicePage"),
});

const models = createRoute({
  getParentRoute: () => root,
  path: "/models",
  component: lazyRouteComponent(() => import("../pages/models/models-page.tsx"), "ModelsPage"),
});

const cache = createRoute({
  getParentRoute: () => root,
  path: "/cache",
  validateSearch: cacheSearch,
  component: lazyRouteComponent(() => import("../pages/cache/cache-page.tsx"), "CachePage"),
});

const capabilities = createRoute({
  getParentRoute: () => root,
  path: "/capabilities",
  component: lazyRouteComponent(() => import("../pages/workers/capabilities-page.tsx"), "CapabilitiesPage"),
});

const capacity = createRoute({
  getParentRoute: () => root,
  path: "/capacity",
  validateSearch: capacitySearch,
  component: lazyRouteComponent(() => import("../pages/capacity/capacity-page.tsx"), "CapacityPage"),
});

const explore = createRoute({
  getParentRoute: () => root,
  path: "/explore",
  validateSearch: exploreSearch,
  component: lazyRouteComponent(() => import("../pages/explore/explore-page.tsx"), "ExplorePage"),
});

const reports = createRoute({
  getParentRoute: () => root,
  path: "/reports",
  validateSearch: reportsSearch,
  component: lazyRouteComponent(() => import("../pages/reports/reports-page.tsx"), "ReportsPage"),
});

const services = createRoute({
  getParentRoute: () => root,
  path: "/services",
  component: lazyRouteComponent(() => import("../pages/services/services-page.tsx"), "ServicesPage"),
});

const metrics = createRoute({
  getParentRoute: () => root,
  // `/metrics` is the endpoint for Prometheus.
  path: "/series",
  validateSearch: metricsSearch,
  component: lazyRouteComponent(() => import("../pages/metrics/metrics-page.tsx"), "MetricsPage"),
});

const children = [
  overview,
  runs,
  start,
  run,
  inbox,
  missions,
  mission,
  sessions,
  session,
  choices,
  race,
  workflows,
  editor,
  templates,
  template,
  workflow,
  workers,
  pools,
  resources,
  schedules,
  schedule,
  triggers,
  trigger,
  objects,
  object,
  access,
  policy,
  rule,
  audit,
  services,
  metrics,
  alerts,
  incidents,
  incident,
  analysis,
  advice,
  models,
  cache,
  capabilities,
  capacity,
  whatIf,
  explore,
  reports,
];

export const router = createRouter({
  routeTree: root.addChildren(children),
  defaultPreload: "intent",
  defaultErrorComponent: PageFailed,
  // The query client caches replies. The router has no cache of its own.
  defaultPreloadStaleTime: 0,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** The page for an unknown address. */
function NotHere() {
  useWindowTitle("Page not found");
  return (
    <>
      <PageHead title="Page not found" />
      <Empty title="No page at this address.">
        <p>
          Go to the <Link to="/">overview</Link>, or press <kbd>Ctrl</kbd> <kbd>K</kbd> and search.
        </p>
      </Empty>
    </>
  );
}

/** Shown if a page fails to render, while the frame remains. A page that failed to load reloads after a reconnect. */
function PageFailed({ error, reset }: ErrorComponentProps) {
  const isDisconnected = useSyncExternalStore(subscribeConnection, currentConnection).kind === "away";
  const { head, title, message, code, reloads } = pageFailureOf(error, isDisconnected);
  const wasDisconnected = useRef(isDisconnected);
  useEffect(() => {
    if (wasDisconnected.current && !isDisconnected && reloads) window.location.reload();
    wasDisconnected.current = isDisconnected;
  }, [isDisconnected, reloads]);
  return (
    <>
      <PageHead title={head} />
      <Failure
        title={title}
        message={message}
        code={code}
        onRetry={() => {
          if (reloads) return window.location.reload();
          // A cached reply may be the cause, so the page loads its data again.
          queryClient.removeQueries({ type: "inactive" });
          reset();
        }}
      />
    </>
  );
}
