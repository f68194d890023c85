/**
 * A line per call a server has answered, so that the id of a trace finds every service it went through. The lines of
 * calls that went well, or that the caller got wrong, are for whoever looks for them; a fault of this side is for
 * everybody, because the caller is told no more than that there was one.
 */
import type { Clock, Logger, Status, TuttiError } from "@tutti/kernel";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

const faults = new Set<Status>(["INTERNAL", "UNKNOWN", "DATA_LOSS"]);

/** @param base tells cheaply whether a line would be written; the line itself comes from the call's own logger. */
export function logInterceptor(base: Logger, clock: Clock): Interceptor<ServerCall> {
  return {
    name: "log",
    scope: "core",
    run(binding) {
      if (binding.method.builtin) return;
      binding.add({
        end(call, error: TuttiError | undefined) {
          const level = error !== undefined && faults.has(error.status) ? "error" : "debug";
          if (!base.enabled(level)) return;
          const durationMs = clock.monotonic() - call.startedMs;
          if (error === undefined) call.logger[level]("call answered", { durationMs });
          else call.logger[level]("call failed", { durationMs, error });
        },
      });
    },
  };
}
