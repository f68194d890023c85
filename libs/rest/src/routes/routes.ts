/** All routes: for the gateway, the OpenAPI document, the CLI and the dashboard. */
import { accessRoutes } from "./access.ts";
import { admissionRoutes } from "./admission.ts";
import { agentRoutes } from "./agents.ts";
import { alertRoutes } from "./alerts.ts";
import { auditRoutes } from "./audit.ts";
import { inboxRoutes } from "./inboxes.ts";
import { installationRoutes } from "./installation.ts";
import { intelligenceRoutes } from "./intelligence.ts";
import { lockRoutes } from "./locks.ts";
import { missionRoutes } from "./missions.ts";
import { poolRoutes } from "./pools.ts";
import { resourceRoutes } from "./resources.ts";
import type { Route } from "./route.ts";
import { runRoutes } from "./runs.ts";
import { scalerRoutes } from "./scalers.ts";
import { sessionRoutes } from "./sessions.ts";
import { workflowRoutes } from "./workflows.ts";

const table = [
  ...runRoutes,
  ...workflowRoutes,
  ...agentRoutes,
  ...poolRoutes,
  ...missionRoutes,
  ...sessionRoutes,
  ...lockRoutes,
  ...resourceRoutes,
  ...intelligenceRoutes,
  ...scalerRoutes,
  ...inboxRoutes,
  ...auditRoutes,
  ...accessRoutes,
  ...admissionRoutes,
  ...alertRoutes,
  ...installationRoutes,
] as const;

export type RouteName = (typeof table)[number]["name"];

export const routes: readonly (Route & { readonly name: RouteName })[] = table;

const byName: ReadonlyMap<string, Route> = new Map(routes.map((route) => [route.name, route]));

export function routeNamed(name: RouteName): Route {
  const route = byName.get(name);
  if (route === undefined) throw new Error(`expected the name of a route, got ${name}`);
  return route;
}

/** Returns the parameters in a path, in their order. */
export function paramsIn(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, param = ""]) => param);
}
