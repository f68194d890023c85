/** The answer to a path or a method that no route has. */
import { nearest } from "@tutti/kernel";
import { routes } from "@tutti/rest";
import type { FastifyReply, FastifyRequest } from "fastify";
import { gatewayErrors } from "../errors.ts";

const patterns = routes.map(({ method, path }) => ({
  method,
  path,
  segments: path.slice(1).split("/"),
  isOf: new RegExp(`^${path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`),
}));

export function refuseUnknown(request: FastifyRequest, reply: FastifyReply): never {
  const { method, url } = request;
  const path = url.split("?", 1)[0] ?? "";
  if (path === "/v1/link")
    throw gatewayErrors.handshakeInvalid({
      reason: "no `Upgrade: websocket` header arrived, or a proxy removed it",
    });
  const allowed = isOfProtocol(path)
    ? ["POST"]
    : patterns.filter(({ isOf }) => isOf.test(path)).map((pattern) => pattern.method);
  if (allowed.length > 0) {
    reply.header("allow", [...new Set(allowed)].join(", "));
    throw gatewayErrors.methodUnknown({ method, path, allowed: [...new Set(allowed)].join(" or ") });
  }
  const suggestion = nearestRoute(method, path);
  throw gatewayErrors.pathUnknown({
    path,
    hint: suggestion === undefined ? "" : `. Did you mean ${suggestion}?`,
  });
}

/** Returns whether a path is the address of a protocol, which has routes of its own. Browsers have no page there. */
export function isOfProtocol(path: string): boolean {
  return path === "/mcp" || path === "/a2a";
}

/** Words of other interfaces, with ours. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ...(["events", "log", "logs"] as const).map((word) => [word, "history"] as const),
  ...(["stream", "follow", "tail"] as const).map((word) => [word, "watch"] as const),
  ...(["stop", "abort", "terminate"] as const).map((word) => [word, "cancel"] as const),
]);

/** A longer path is not compared with known ones. */
const segmentsMax = 12;

/**
 * Returns the route that was most likely meant, with the values of the path: by its words in any order, then by its
 * letters.
 */
export function nearestRoute(method: string, path: string): string | undefined {
  const found = path.split("/").filter((segment) => segment !== "");
  const best = found.length > segmentsMax ? undefined : nearestBySegments(method, found);
  if (best !== undefined) return best;
  return nearest(
    path,
    patterns.map((pattern) => pattern.path),
  );
}

function nearestBySegments(method: string, found: readonly string[]): string | undefined {
  let best: { readonly score: number; readonly path: string } | undefined;
  for (const { segments, ...route } of patterns) {
    const filled = filledWith(segments, found);
    if (filled === undefined) continue;
    const score = filled.score + (route.method === method ? 0.1 : 0);
    if (best === undefined || score > best.score) best = { score, path: filled.path };
  }
  return best?.path;
}

/** Undefined where a word of the route is missing, or more than half of the path would mean nothing. */
function filledWith(segments: readonly string[], found: readonly string[]) {
  const rest = [...found];
  let score = 0;
  for (const segment of segments) {
    if (segment.startsWith("{")) continue;
    const exact = rest.indexOf(segment);
    const at = exact >= 0 ? exact : rest.findIndex((candidate) => isMeant(segment, candidate));
    if (at === -1) return undefined;
    rest.splice(at, 1);
    score += exact >= 0 ? 1 : 0.5;
  }
  const path = segments.map((segment) => {
    if (!segment.startsWith("{")) return segment;
    const value = rest.shift();
    if (value !== undefined) score += 0.5;
    return value ?? segment;
  });
  // `/v1` alone is not similar.
  if (score <= 1 || rest.length > 1) return undefined;
  return { score: score - rest.length, path: `/${path.join("/")}` };
}

function isMeant(segment: string, found: string): boolean {
  return synonyms.get(found) === segment || nearest(found, [segment]) === segment;
}
