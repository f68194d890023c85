/** Routes that the gateway answers itself. */
import type { HostOperations } from "@tutti/host";
import { type RouteName, routeNamed, routes } from "@tutti/rest";
import { ownRoutes, refusal, unknownName } from "@tutti/rest/json";
import type { Access } from "../access/access.ts";
import type { OwnHandler } from "./own-handler.ts";
import { type SignInRoutesParts, signInHandlers } from "./sign-in-routes.ts";

export interface OwnParts {
  readonly access: Access;
  readonly operations: Pick<HostOperations, "url" | "subject">;
  readonly version: string;
  readonly guard: SignInRoutesParts["guard"];
}

export function ownHandlers({
  access,
  operations,
  version,
  guard,
}: OwnParts): Readonly<Partial<Record<RouteName, OwnHandler>>> {
  let description: Promise<unknown> | undefined;
  return {
    status: () => operations.subject().status(),
    ...signInHandlers({ access, guard, version }),
    signIn: async ({ request, reply }) => {
      const { cookie, endMs } = await access.signIn(tokenIn(request.body), request.raw);
      reply.header("set-cookie", cookie);
      return { expiresMs: endMs };
    },
    signOut: async ({ request, reply }) => {
      reply.header("set-cookie", await access.signOut(request.headers));
      return undefined;
    },
    signInLink: () => {
      const { url, endMs } = access.link(operations.url());
      return { url, expiresMs: endMs };
    },
    openapi: ({ reply }) => {
      reply.header("cache-control", "no-cache");
      // Made once, on first use: it has all the words of the contracts.
      description ??= describe(version);
      return description;
    },
  };
}

async function describe(version: string): Promise<unknown> {
  const { openApiDocument } = await import("@tutti/rest/openapi");
  return openApiDocument({ version });
}

function tokenIn(body: unknown): string {
  const { token, ...others }: Partial<Record<string, unknown>> =
    typeof body === "object" && body !== null ? body : {};
  const wrong = Object.keys(others)
    .slice(0, 20)
    .map((field) => ({ field, message: "expected token alone" }));
  if (typeof token !== "string" || token === "")
    wrong.push({ field: "token", message: "expected the token of a link, a key or a token" });
  if (wrong.length > 0 || typeof token !== "string") throw refusal(routeNamed("signIn"), wrong);
  return token;
}

/** Parameters of routes that the gateway answers by itself: unknown ones are refused, as those of rpcs are. */
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
    .map((field) => ({ field, message: unknownName("parameter", field, known) }));
  if (wrong.length > 0) throw refusal(routeNamed(name), wrong);
}
