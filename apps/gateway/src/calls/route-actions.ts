/** What a role or policy has to permit for each route. */
import { edgeActions } from "@tutti/host";
import { type RouteName, routes } from "@tutti/rest";
import { contracts } from "./contracts.ts";

export interface RouteAction {
  readonly route: RouteName;
  readonly method: string;
  readonly path: string;
  readonly action: string;
  /** The kind of thing that it is about. */
  readonly resource: string;
}

const ownByRoute: Readonly<Partial<Record<RouteName, (typeof edgeActions)[keyof typeof edgeActions]>>> = {
  status: edgeActions.status,
  signInLink: edgeActions.signInLink,
  events: edgeActions.events,
  "signIns.list": edgeActions.seeSignIns,
  "signIns.revoke": edgeActions.endSignIns,
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
