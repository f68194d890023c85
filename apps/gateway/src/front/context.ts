/** The context of a call that a plugin makes for a request. */
import type { CallContext, Foundation, Principal } from "@tutti/kernel";
import type { FastifyRequest } from "fastify";
import type { Caller } from "../access/access.ts";
import { whenClosed } from "../access/edge.ts";
import { patternOf } from "./route-table.ts";

/** Returns the caller of a route that is not open. */
export function callerIn(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Error(`expected a caller at ${patternOf(request)}`);
  return request.caller;
}

export function contextOf(
  request: FastifyRequest,
  { tracer, logger }: Pick<Foundation, "tracer" | "logger">,
  principal: Principal,
): CallContext {
  const { answer } = request;
  const disconnected = new AbortController();
  if (answer !== undefined) whenClosed(answer, () => disconnected.abort());
  return {
    principal,
    namespace: "default",
    deadlineMs: Number.POSITIVE_INFINITY,
    signal: disconnected.signal,
    trace: tracer.start({ name: patternOf(request) ?? "", kind: "server" }).context,
    idempotencyKey: "",
    logger,
  };
}
