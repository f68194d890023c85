/** Parameters of routes that the gateway answers by itself: unknown ones are refused, as those of rpcs are. */
import { didYouMean } from "@tutti/kernel";
import { type RouteName, routeNamed, routes } from "@tutti/rest";
import { ownRoutes, refusal } from "@tutti/rest/json";

const names: ReadonlyMap<string, RouteName> = new Map(
  routes.flatMap((route) =>
    "rpc" in route
      ? []
      : [[`${route.method} ${route.path.replace(/\{(\w+)\}/g, ":$1")}`, route.name] as const],
  ),
);

/** @param pattern of the route, as Fastify has it: `/v1/blobs/:sha256` */
export function refuseUnknownParameters(method: string, pattern: string | undefined, url: string): void {
  const name = names.get(`${method} ${pattern ?? ""}`);
  if (name === undefined) return;
  const known = Object.keys(ownRoutes[name]?.query ?? {});
  const wrong = [...new Set(new URL(url, "http://gateway").searchParams.keys())]
    .filter((field) => !known.includes(field))
    .map((field) => ({
      field,
      message: `expected a parameter that is known here, found none of this name${didYouMean(field, known)}`,
    }));
  if (wrong.length > 0) throw refusal(routeNamed(name), wrong);
}
