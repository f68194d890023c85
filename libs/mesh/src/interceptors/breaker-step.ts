import type { AroundStep } from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";

/** Sends each attempt through the breaker of its target. */
export function breakerStep(): AroundStep<ClientCall, Promise<unknown>> {
  return {
    name: "breaker",
    scope: "core",
    around(call, next) {
      const { target } = call;
      if (target === undefined) return next(call);
      if (!call.method.rpc.replyStream) return target.breaker.send(() => next(call), call);
      // A stream has come through when it is established: its first reply may be hours away.
      const opened = next(call);
      const established = async () => {
        await (call.established ?? opened);
      };
      target.breaker.send(established, call).catch(() => {});
      return opened;
    },
  };
}
