/**
 * Applies admission rules to the requests of this installation, after the caller is known and the request is valid.
 *
 * 1. Without rules about requests, a call costs one check of a flag.
 * 2. A handler sees the admitted request. The sender keeps the original.
 */
import type { Method } from "../calls/method.ts";
import type { ServerCall } from "../server/server-call.ts";
import type { Interceptor } from "./chain.ts";

export interface RequestRules {
  /** Whether there are any rules about requests at present. */
  readonly hasAny: boolean;
  /** Returns whether rules can apply to the requests of a method. Called once for each. */
  mayConcern(method: Method): boolean;
  /** Returns the admitted request. Rejects if it is refused. */
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
