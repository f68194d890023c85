/** What a role or policy has to permit for each route. */
import { type RouteName, routes } from "@tutti/rest";
import { ownActions } from "../access/edge.ts";
import { contracts } from "./contracts.ts";

export interface RouteAction {
  readonly route: RouteName;
  readonly method: string;
  readonly path: string;
  readonly action: string;
  /** The kind of thing that it is about. */
  readonly resource: string;
}

const ownByRoute: Readonly<Partial<Record<RouteName, (typeof ownActions)[keyof typeof ownActions]>>> = {
  status: ownActions.status,
  signInLink: ownActions.signInLink,
  events: ownActions.events,
  "signIns.list": ownActions.seeSignIns,
  "signIns.revoke": ownActions.endSignIns,
};

let made: readonly RouteAction[] | undefined;

/** Made when it is asked for first: the terminal never does. */
export function routeActions(): readonly RouteAction[] {
  made ??= routes.flatMap((route): RouteAction[] => {
    const rule = "rpc" in route ? ruleOf(route.rpc) : ownByRoute[route.name];
    if (rule === undefined) return [];
    const { name, method, path } = route;
    return [{ route: name, method, path, action: rule.action, resource: rule.resource }];
  });
  return made;
}

function ruleOf(rpc: string): { readonly action: string; readonly resource: string } | undefined {
  const [contract = "", name = ""] = rpc.split("/");
  return Object.values(contracts.get(contract)?.methods ?? {}).find((one) => one.name === name);
}
