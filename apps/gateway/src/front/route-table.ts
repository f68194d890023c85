/**
 * The routes of the API. Fastify has one route for each method and number of segments, and this table finds the route of
 * a request. With all routes, Fastify would compile a function for each of their names and parameters: 778 at the start.
 */
import type { FastifyRequest } from "fastify";

export interface TableRoute<T> {
  readonly method: string;
  /** `/v1/runs/{runId}/cancel` */
  readonly path: string;
  readonly value: T;
}

export interface FoundRoute<T> {
  readonly value: T;
  /** `/v1/runs/:runId/cancel`, as Fastify writes it. */
  readonly pattern: string;
  readonly params: Readonly<Record<string, string>>;
}

interface Place<T> {
  readonly byName: Map<string, Place<T>>;
  parameter: Place<T> | undefined;
  readonly byMethod: Map<string, TableRoute<T>>;
}

export class RouteTable<T> {
  readonly #root: Place<T> = emptyPlace();
  readonly #shapes = new Set<string>();

  add(route: TableRoute<T>): void {
    let place = this.#root;
    const segments = segmentsOf(route.path);
    for (const segment of segments) place = next(place, segment);
    if (place.byMethod.has(route.method)) throw new Error(`two routes for ${route.method} ${route.path}`);
    place.byMethod.set(route.method, route);
    this.#shapes.add(`${route.method} ${segments.length}`);
  }

  /** Paths for Fastify that match every route: `/v1/:s1/:s2`. */
  get shapes(): readonly { readonly method: string; readonly path: string }[] {
    return [...this.#shapes].map((shape) => {
      const [method = "", count] = shape.split(" ");
      const segments = Array.from({ length: Number(count) }, (_, at) => `/:s${at + 1}`);
      return { method, path: `/v1${segments.join("")}` };
    });
  }

  /** Finds a route by the decoded segments after `/v1`. A name comes before a parameter. */
  find(method: string, segments: readonly string[]): FoundRoute<T> | undefined {
    const route = foundAt(this.#root, method, segments, 0);
    if (route === undefined) return undefined;
    const params: Record<string, string> = {};
    for (const [at, segment] of segmentsOf(route.path).entries())
      if (isParameter(segment)) params[segment.slice(1, -1)] = segments[at] ?? "";
    return { value: route.value, pattern: route.path.replace(/\{(\w+)\}/g, ":$1"), params };
  }
}

declare module "fastify" {
  interface FastifyRequest {
    /** The route of the API. Undefined for routes of Fastify, and where no route matches. */
    found: FoundRoute<unknown> | undefined;
  }
  interface FastifyContextConfig {
    /** The route stands for routes of the table. */
    isInTable?: boolean;
  }
}

/** Returns the pattern of a request's route, `/v1/runs/:runId`. Undefined if no route matches. */
export function patternOf({ found, routeOptions }: FastifyRequest): string | undefined {
  return routeOptions.config?.isInTable === true ? found?.pattern : routeOptions.url;
}

function emptyPlace<T>(): Place<T> {
  return { byName: new Map(), parameter: undefined, byMethod: new Map() };
}

function next<T>(place: Place<T>, segment: string): Place<T> {
  if (isParameter(segment)) {
    place.parameter ??= emptyPlace();
    return place.parameter;
  }
  const known = place.byName.get(segment) ?? emptyPlace<T>();
  place.byName.set(segment, known);
  return known;
}

function foundAt<T>(
  place: Place<T>,
  method: string,
  segments: readonly string[],
  at: number,
): TableRoute<T> | undefined {
  const segment = segments[at];
  if (segment === undefined) return place.byMethod.get(method);
  const named = place.byName.get(segment);
  const found = named && foundAt(named, method, segments, at + 1);
  if (found !== undefined || place.parameter === undefined || segment === "") return found;
  return foundAt(place.parameter, method, segments, at + 1);
}

function segmentsOf(path: string): readonly string[] {
  if (!path.startsWith("/v1/")) throw new Error(`expected a path of the API, got ${path}`);
  return path.slice("/v1/".length).split("/");
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{");
}
