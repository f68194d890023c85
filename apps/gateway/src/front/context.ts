/** What a room calls with on behalf of a request. */
import { type CallContext, type Foundation, localAdministrator, type Principal } from "@tutti/kernel";
import type { FastifyRequest } from "fastify";

export function contextOf(
  request: FastifyRequest,
  { tracer, logger }: Pick<Foundation, "tracer" | "logger">,
  principal: Principal = request.caller?.principal ?? localAdministrator,
): CallContext {
  const { answer } = request;
  const gone = new AbortController();
  answer?.once("close", () => gone.abort());
  return {
    principal,
    namespace: "default",
    deadlineMs: Number.POSITIVE_INFINITY,
    signal: gone.signal,
    trace: tracer.start({ name: request.routeOptions.url ?? "", kind: "server" }).context,
    idempotencyKey: "",
    logger,
  };
}
