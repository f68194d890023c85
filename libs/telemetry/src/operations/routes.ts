/**
 * Routes for operators and container orchestrators: liveness, readiness, metrics and status of a process. Pure functions
 * from request to response, so that any HTTP server can host them.
 */
import {
  type Health,
  type Problem,
  problemMediaType,
  type Readiness,
  type TuttiError,
  toProblem,
} from "@tutti/kernel";
import { contentTypes, expose, formatFor } from "../metrics/exposition.ts";
import type { MetricsRegistry } from "../metrics/registry.ts";
import { operationsErrors } from "./errors.ts";
import type { OperationsAccess } from "./operations-access.ts";

/** The subject of the routes. Every orchestrator is one. */
export interface OperationsSubject {
  /** False after it has failed permanently. */
  readonly isLive: boolean;
  /** Returns the status as plain JSON. */
  status(): { readonly state: string; readonly health: Health };
  /** Returns whether it is ready, and its problems otherwise. */
  readiness(): Promise<Readiness>;
}

export interface OperationsRequest {
  readonly method: string;
  /** Path with or without a query. */
  readonly path: string;
  readonly accept?: string | undefined;
  readonly authorization?: string | undefined;
  /** Address of the client. */
  readonly address?: string | undefined;
}

export interface OperationsResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface OperationsRoutes {
  readonly paths: readonly string[];
  handle(request: OperationsRequest): Promise<OperationsResponse>;
}

type Route = (request: OperationsRequest) => OperationsResponse | Promise<OperationsResponse>;

export function operationsRoutes(options: {
  readonly subject: OperationsSubject;
  readonly registry: MetricsRegistry;
  readonly access: OperationsAccess;
}): OperationsRoutes {
  const { subject, registry, access } = options;
  const guarded =
    (route: Route): Route =>
    async (request) => {
      await access(request);
      return route(request);
    };
  const routes: Readonly<Record<string, Route>> = {
    "/livez": () => livez(subject),
    "/readyz": () => readyz(subject),
    "/metrics": guarded(({ accept }) => {
      const format = formatFor(accept);
      return respond(200, contentTypes[format], expose(registry.families(), format));
    }),
    "/status": guarded(() => json(200, subject.status())),
  };
  const paths = Object.keys(routes);
  return {
    paths,
    async handle(request) {
      const path = request.path.split("?", 1)[0] ?? "";
      const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
      if (route === undefined) return problem(operationsErrors.unknownPath({ path, known: paths }));
      const { method } = request;
      if (method === "GET" || method === "HEAD") return route(request);
      const refusal = operationsErrors.methodNotAllowed({ method, path });
      return problem(refusal, { headers: { allow: "GET, HEAD" }, status: 405 });
    },
  };
}

/** Returns the reply to a request that failed. */
export function problem(
  error: TuttiError,
  {
    headers = {},
    status,
  }: { readonly headers?: Readonly<Record<string, string>>; readonly status?: number } = {},
): OperationsResponse {
  const body: Problem = { ...toProblem(error), ...(status !== undefined && { status }) };
  return { ...respond(body.status, problemMediaType, `${JSON.stringify(body, undefined, 2)}\n`), headers };
}

/**
 * A process is alive if it can answer and has not failed permanently. A process that only waits for a dependency must not
 * be restarted.
 */
function livez(subject: OperationsSubject): OperationsResponse {
  const { isLive } = subject;
  return json(isLive ? 200 : 503, { live: isLive, state: subject.status().state });
}

async function readyz(subject: OperationsSubject): Promise<OperationsResponse> {
  const { ready, problems } = await subject.readiness();
  const { state, health } = subject.status();
  return json(ready ? 200 : 503, { ready, state, health, problems });
}

function json(status: number, body: unknown): OperationsResponse {
  return respond(status, "application/json; charset=utf-8", `${JSON.stringify(body, undefined, 2)}\n`);
}

function respond(status: number, contentType: string, body: string): OperationsResponse {
  return { status, contentType, body, headers: {} };
}
