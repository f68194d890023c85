/**
 * Decisions of the gateway itself: limits per caller, and access to its own handlers. Services decide everything
 * else.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Cause } from "@tutti/contracts/types/v1";
import { accessErrors, actorKinds, edgeActions, type Guard } from "@tutti/host";
import { errorFromUnknown, type Principal, type TuttiError } from "@tutti/kernel";
import { deniedError, installationNamespace } from "@tutti/mesh";
import { clientAddressOf } from "@tutti/telemetry";
import type { Caller } from "./access.ts";

export type EdgeGuard = Pick<Guard, "admit" | "admitBytes" | "authorize">;

/** Counts a request against its caller's limit until the response ends, and reports the rest in headers. */
export function admit(
  guard: EdgeGuard | undefined,
  principal: Principal,
  response: ServerResponse,
  isStream = false,
): void {
  if (guard === undefined) return;
  try {
    const { limit, remaining, resetAfterMs, release } = guard.admit(principal, isStream);
    whenClosed(response, release);
    if (Number.isFinite(limit)) setRateHeaders(response, limit, remaining, resetAfterMs);
  } catch (thrown) {
    const error = errorFromUnknown(thrown);
    const { limit } = error.details;
    if (accessErrors.tooManyCalls.is(error) && limit !== undefined)
      setRateHeaders(response, Number(limit), 0, error.retryAfterMs);
    throw error;
  }
}

/** Counts a WebSocket against the streams of its caller until it closes. */
export function admitSocket(
  guard: Pick<EdgeGuard, "admit"> | undefined,
  principal: Principal,
  socket: Duplex,
): void {
  if (guard !== undefined) whenClosed(socket, guard.admit(principal, true).release);
}

/** A client that left while it was identified has closed already. */
export function whenClosed(
  connection: Pick<ServerResponse | Duplex, "closed" | "once">,
  end: () => void,
): void {
  if (connection.closed) end();
  else connection.once("close", end);
}

/** Records a body that was too large for this gateway in the audit log, as one that was too large for its sender. */
export function recordOversize(
  guard: Pick<Guard, "refusedOf"> | undefined,
  { caller, raw }: { readonly caller: Pick<Caller, "principal"> | undefined; readonly raw: IncomingMessage },
  error: TuttiError,
): void {
  const principal = caller?.principal;
  const actor =
    principal && Cause.fromPartial({ actor: { kind: actorKinds[principal.kind], id: principal.id } });
  const namespace = principal?.credential?.namespace || installationNamespace;
  guard?.refusedOf({ error, actor, namespace, action: "access", address: clientAddressOf(raw) });
}

/** Throws if the caller may not use the gateway's own handlers. */
export function requireAllowed(
  guard: EdgeGuard | undefined,
  principal: Principal,
  own: keyof typeof edgeActions,
  about: string = installationNamespace,
): void {
  if (guard === undefined) return;
  // Only callers of the installation may see all namespaces at once.
  const namespace = about === "*" ? installationNamespace : about;
  const { action, resource } = edgeActions[own];
  const decision = guard.authorize(principal, { action, resource, within: undefined }, namespace);
  if (!decision.allowed) throw deniedError(principal, { action, resource }, namespace, decision);
}

function setRateHeaders(
  response: ServerResponse,
  limit: number,
  remaining: number,
  resetAfterMs: number,
): void {
  response.setHeader("ratelimit-limit", limit);
  response.setHeader("ratelimit-remaining", remaining);
  response.setHeader("ratelimit-reset", Math.ceil(resetAfterMs / 1_000));
}
