/**
 * Calls REST routes on behalf of one request: with its caller, its deadline and its trace, through the same mapping and
 * the same rpcs. The services authorize these calls as they authorize REST.
 */
import type { Mesh } from "@tutti/mesh";
import { type RouteName, routeNamed } from "@tutti/rest";
import { Mapping, schema } from "@tutti/rest/json";
import type { Routes } from "@tutti/rest/types";
import { calledBy } from "./contracts.ts";
import type { CallsFor } from "./request-context.ts";
import { answered, type RpcRoute } from "./rpc-route.ts";

/** Values of a path, a query and a body, by their names in REST. */
export interface RouteParts {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: unknown;
  /** Makes a repetition harmless. Default: the key of the request, for the start of a run. */
  readonly idempotencyKey?: string;
}

export class RouteCalls {
  readonly #mesh: Pick<Mesh, "client">;
  readonly #mapping = new Mapping(schema);
  readonly #routes = new Map<RouteName, RpcRoute>();

  constructor(mesh: Pick<Mesh, "client">) {
    this.#mesh = mesh;
  }

  async call<N extends RouteName & keyof Routes>(
    name: N,
    context: CallsFor,
    { params = {}, query = {}, body, idempotencyKey }: RouteParts,
  ): Promise<Routes[N]["reply"]> {
    const route = this.#routeOf(name);
    const parameters = new URLSearchParams();
    for (const [key, value] of Object.entries(query))
      for (const item of value === undefined ? [] : [value].flat()) parameters.append(key, item);
    const message = this.#mapping.request(route.plan, {
      params,
      query: parameters,
      body,
      idempotencyKey: idempotencyKey ?? (name === "runs.start" ? context.idempotencyKey : ""),
    });
    // The reply is of the route's type: both are made from the contracts.
    return (await answered(route, message, context)).body as Routes[N]["reply"];
  }

  #routeOf(name: RouteName): RpcRoute {
    const known = this.#routes.get(name);
    if (known !== undefined) return known;
    const route = routeNamed(name);
    const { rpc } = route;
    if (rpc === undefined) throw new Error(`expected a route that an rpc answers, got ${name}`);
    const plan = this.#mapping.planOf({ ...route, rpc });
    const planned = { plan, mapping: this.#mapping, called: calledBy(this.#mesh, rpc, route.service) };
    this.#routes.set(name, planned);
    return planned;
  }
}
