import { type AroundStep, sleep, type Timers } from "@tutti/kernel";
import type { ClientCall } from "../client/client-call.ts";

/** A probe stream that lasts this long counts as a success. */
const probeMs = 1_000;

/** Sends each attempt through the breaker of its target. */
export function breakerStep(timers: Timers): AroundStep<ClientCall, Promise<unknown>> {
  return {
    name: "breaker",
    scope: "core",
    around(call, next) {
      const { target } = call;
      if (target === undefined) return next(call);
      if (!call.method.rpc.replyStream) return target.breaker.send(() => next(call), call);
      // A stream is a success when it is established and lasts: its first reply may be hours away.
      const opened = next(call);
      const established = async () => {
        await (call.established ?? opened);
        const waiting = new AbortController();
        const lasted = sleep(timers, probeMs, waiting.signal).catch(() => {});
        await Promise.race([opened, lasted]).finally(() => waiting.abort());
      };
      target.breaker.send(established, call).catch(() => {});
      return opened;
    },
  };
}
