import type { Deadlines } from "../calls/deadlines.ts";
import { late } from "../calls/stopping.ts";
import type { ClientCall } from "../client/client-call.ts";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

/**
 * Enforces the caller's deadline on the server: a late request never reaches its handler, and a call that becomes late
 * is stopped. In-process the caller's own timer does that for both sides.
 */
export function serverDeadlineInterceptor(deadlines: Deadlines, callMs: number): Interceptor<ServerCall> {
  return {
    name: "deadline",
    scope: "core",
    run(binding) {
      const { method } = binding;
      binding.add({
        before(call) {
          if (call.deadlineMs <= call.startedMs) throw late(method);
          if (call.incoming.transport === "in-process") return undefined;
          if (!method.streaming && call.deadlineMs === Number.POSITIVE_INFINITY) {
            call.deadlineMs = call.startedMs + callMs;
          }
          deadlines.add(call, call.deadlineMs, call.startedMs);
          return undefined;
        },
        after: (call) => deadlines.remove(call),
      });
    },
  };
}

/** Stops a call, with everything started for it, when its time is over. */
export function clientDeadlineInterceptor(deadlines: Deadlines): Interceptor<ClientCall> {
  return {
    name: "deadline",
    scope: "core",
    run(binding) {
      binding.add({
        before(call) {
          if (call.deadlineMs <= call.startedMs) throw late(call.method);
          deadlines.add(call, call.deadlineMs, call.startedMs);
          return undefined;
        },
        after: (call) => deadlines.remove(call),
      });
    },
  };
}
