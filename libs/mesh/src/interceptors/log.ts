/**
 * Logs a line per answered call of a server, so that a trace id finds every service of the call. Calls that succeeded
 * have level debug: there is one per item. Rejected calls have level info, because callers quote the trace id of an
 * error. Faults of this side have level error, because the caller gets no cause.
 */
import type { Clock, Logger, Status, TuttiError } from "@tutti/kernel";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

const faults = new Set<Status>(["INTERNAL", "UNKNOWN", "DATA_LOSS"]);
/** Retried by the mesh, and frequent under load. */
const backPressure = new Set<Status>(["UNAVAILABLE", "CANCELLED", "RESOURCE_EXHAUSTED"]);

/** @param base checks cheaply whether a line would be written. The line itself comes from the call's own logger */
export function logInterceptor(base: Logger, clock: Clock): Interceptor<ServerCall> {
  return {
    name: "log",
    scope: "core",
    run(binding) {
      if (binding.method.builtin) return;
      binding.add({
        after(call, error: TuttiError | undefined) {
          const level = levelOf(error);
          if (!base.enabled(level)) return;
          const durationMs = clock.monotonic() - call.startedMs;
          if (error === undefined) call.logger[level]("call answered", { durationMs });
          else call.logger[level]("call failed", { durationMs, error });
        },
      });
    },
  };
}

function levelOf(error: TuttiError | undefined): "debug" | "info" | "error" {
  if (error === undefined) return "debug";
  return faults.has(error.status) ? "error" : backPressure.has(error.status) ? "debug" : "info";
}
