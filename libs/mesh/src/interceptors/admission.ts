/**
 * Applies admission rules to the requests of this installation, after the caller is known and the request is valid.
 *
 * 1. Where there are no rules about requests, a call costs one look at a flag.
 * 2. A handler sees the request as it is admitted. The sender keeps the original.
 */
import type { Method } from "../calls/method.ts";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

export interface RequestRules {
  /** Whether there is any rule about requests at present. */
  readonly hasAny: boolean;
  /** Returns whether rules can be about the requests of a method. Asked once of each. */
  mayConcern(method: Method): boolean;
  /** Returns the request as it is admitted. Rejects where it is refused. */
  admit(call: ServerCall, request: unknown): Promise<unknown>;
}

export function admissionInterceptor(rules: RequestRules): Interceptor<ServerCall> {
  return {
    name: "admission",
    scope: "core",
    run(binding) {
      if (!rules.mayConcern(binding.method)) return;
      binding.add({
        request(call, message) {
          return rules.hasAny ? admit(rules, call, message) : undefined;
        },
      });
    },
  };
}

async function admit(rules: RequestRules, call: ServerCall, message: unknown): Promise<void> {
  const admitted = await rules.admit(call, message);
  if (admitted !== message) call.changedRequest = admitted;
}
