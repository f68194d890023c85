import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import type { CallContext } from "@tutti/kernel";

const kinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;

/** Returns the cause for records: the caller of this call, and its reason. */
export function causeOf({ principal, trace }: Pick<CallContext, "principal" | "trace">, reason = ""): Cause {
  const { traceId, spanId, sampled } = trace;
  return {
    actor: { kind: kinds[principal.kind], id: principal.id },
    traceparent: `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`,
    decision: principal.right ?? "",
    reason,
  };
}
