/** Random decisions: few questions, so that they coincide. */
import { Decision, TakeDecisions } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import { type InstanceKey, toTimestamp } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const decisionsKey: InstanceKey = { namespace: "shop", kind: "decisions", id: "shop" };
const startMs = 1_767_225_600_000;

export function decisionOn(
  action: string,
  fields: Parameters<typeof Decision.fromPartial>[0] = {},
): Decision {
  return Decision.fromPartial({
    ...{ decisionId: `decision_${action}`, allowed: true, count: 1, bundle: 7 },
    decideTime: toTimestamp(startMs),
    question: { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "ada" }, action, inNamespace: "shop" },
    ...fields,
  });
}

export function operations(): Arbitrary<MachineCall> {
  const decision = fc
    .record({
      action: fc.constantFrom("workflow.runs.start", "workflow.runs.get"),
      allowed: fc.boolean(),
      count: fc.nat(5),
      atMs: fc.nat(10_000),
      error: fc.constantFrom("", "x".repeat(6_000)),
    })
    .map(({ action, allowed, count, atMs, error }) =>
      decisionOn(action, { allowed, count, decideTime: toTimestamp(startMs + atMs), errors: [error] }),
    );
  const body = fc
    .record({ decisions: fc.array(decision, { maxLength: 4 }), leftOut: fc.nat(3) })
    .map((fields) => TakeDecisions.fromPartial(fields));
  return fc.record({ key: fc.constant(decisionsKey), command: fc.constant("take_decisions"), body });
}
