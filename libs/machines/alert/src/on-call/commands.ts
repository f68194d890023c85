/**
 * Rotations and escalation policies of a namespace.
 *
 * 1. A policy names rotations that exist, and a rule names a policy that exists. Neither can be removed while it is in
 *    use.
 */
import {
  AlertPartRemoved,
  EscalationPolicy,
  KeepEscalationPolicy,
  KeepRotation,
  OnCallKept,
  RemoveEscalationPolicy,
  RemoveRotation,
  Rotation,
} from "@tutti/contracts/insight/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { sendMessages } from "../delivery/send.ts";
import { alertErrors } from "../errors.ts";
import { policiesMax, rotationsMax, stepAfterMinMs } from "../limits.ts";
import type { AlertsCommand, AlertsView } from "../state.ts";
import { onCallChanged } from "./events.ts";
import { rotationProblem } from "./shifts.ts";

const nothing = { rotations: [], removedRotationIds: [], policies: [], removedPolicyIds: [] };

export const keepRotation: AlertsCommand<KeepRotation, OnCallKept> = {
  type: "keep_rotation",
  codec: KeepRotation,
  reply: OnCallKept,
  decide(state, { rotation: requested, revision }, step) {
    const id = requested?.rotationId ?? "";
    if (requested === undefined || id === "")
      return alertErrors.invalid.refusal({ problem: "`rotationId`: expected an id, got none" });
    const problem = rotationProblem(requested);
    if (problem !== undefined) return alertErrors.invalid.refusal({ problem });
    const rotation = settledRotation(requested);
    const known = state.rotations.get(id);
    if (known !== undefined && isSame(Rotation, settledRotation(known.rotation), rotation))
      return { revision: known.revision };
    const refusal =
      moved("rotation", id, revision, known?.revision) ??
      full("rotations", rotationsMax, known, state.rotations);
    if (refusal !== undefined) return refusal;
    const next = (known?.revision ?? 0) + 1;
    const stored = { rotation: { ...rotation, updateCause: step.cause }, revision: next };
    step.emit(onCallChanged, { ...nothing, rotations: [stored] });
    return { revision: next };
  },
};

export const removeRotation: AlertsCommand<RemoveRotation, AlertPartRemoved> = {
  type: "remove_rotation",
  codec: RemoveRotation,
  reply: AlertPartRemoved,
  decide(state, { rotationId: id }, step) {
    if (!state.rotations.has(id)) return { removed: false };
    for (const [policyId, { policy }] of state.policies)
      if (policy?.steps.some(({ rotations }) => rotations.includes(id)))
        return alertErrors.inUse.refusal({
          what: `Rotation \`${id}\``,
          by: `escalation policy \`${policyId}\``,
        });
    step.emit(onCallChanged, { ...nothing, removedRotationIds: [id] });
    return { removed: true };
  },
};

export const keepPolicy: AlertsCommand<KeepEscalationPolicy, OnCallKept> = {
  type: "keep_policy",
  codec: KeepEscalationPolicy,
  reply: OnCallKept,
  decide(state, { policy: requested, revision }, step) {
    const id = requested?.policyId ?? "";
    if (requested === undefined || id === "")
      return alertErrors.invalid.refusal({ problem: "`policyId`: expected an id, got none" });
    const problem = policyProblem(state, requested);
    if (problem !== undefined) return alertErrors.invalid.refusal({ problem });
    const policy = settledPolicy(requested);
    const known = state.policies.get(id);
    if (known !== undefined && isSame(EscalationPolicy, settledPolicy(known.policy), policy))
      return { revision: known.revision };
    const refusal =
      moved("escalation policy", id, revision, known?.revision) ??
      full("escalation policies", policiesMax, known, state.policies);
    if (refusal !== undefined) return refusal;
    const next = (known?.revision ?? 0) + 1;
    const stored = { policy: { ...policy, updateCause: step.cause }, revision: next };
    step.emit(onCallChanged, { ...nothing, policies: [stored] });
    // Built-in rules may have named the policy before it existed: their alerts escalate now.
    const named = [...state.rules]
      .filter(([, { rule }]) => rule?.escalation === id)
      .map(([ruleId]) => ruleId);
    if (known === undefined && named.length > 0) sendMessages(state, named, step);
    return { revision: next };
  },
};

export const removePolicy: AlertsCommand<RemoveEscalationPolicy, AlertPartRemoved> = {
  type: "remove_policy",
  codec: RemoveEscalationPolicy,
  reply: AlertPartRemoved,
  decide(state, { policyId: id }, step) {
    if (!state.policies.has(id)) return { removed: false };
    for (const [ruleId, { rule }] of state.rules)
      if (rule?.escalation === id)
        return alertErrors.inUse.refusal({
          what: `Escalation policy \`${id}\``,
          by: `alert rule \`${ruleId}\``,
        });
    step.emit(onCallChanged, { ...nothing, removedPolicyIds: [id] });
    return { removed: true };
  },
};

function policyProblem({ rotations: known }: AlertsView, { steps }: EscalationPolicy): string | undefined {
  if (steps.length === 0) return "`steps`: expected at least one step, got none";
  for (const [at, { afterMs, receivers, rotations }] of steps.entries()) {
    if (receivers.length + rotations.length === 0)
      return `\`steps[${at}]\`: expected receivers or rotations, got none`;
    if (at > 0 && afterMs < stepAfterMinMs)
      return `\`steps[${at}].afterMs\`: expected at least ${stepAfterMinMs}, got ${afterMs}`;
    for (const [place, id] of rotations.entries())
      if (!known.has(id)) return `\`steps[${at}].rotations[${place}]\`: rotation \`${id}\` not found`;
  }
  return undefined;
}

function moved(what: string, id: string, revision: number, found = 0): Refusal | undefined {
  return revision === 0 || revision === found
    ? undefined
    : alertErrors.onCallMoved.refusal({ what, id, revision, found });
}

function full(
  what: string,
  max: number,
  known: unknown,
  { size }: { readonly size: number },
): Refusal | undefined {
  return known === undefined && size >= max ? alertErrors.full.refusal({ what, max }) : undefined;
}

/** Returns a rotation without the fields that the service sets. */
function settledRotation(rotation: ReadOnly<Rotation> | undefined): Rotation {
  return Rotation.fromPartial({
    // The cast is safe: the value is only read.
    ...(rotation as Rotation),
    namespace: "",
    revision: "",
    updateCause: undefined,
  });
}

function settledPolicy(policy: ReadOnly<EscalationPolicy> | undefined): EscalationPolicy {
  return EscalationPolicy.fromPartial({
    // The cast is safe: the value is only read.
    ...(policy as EscalationPolicy),
    namespace: "",
    revision: "",
    updateCause: undefined,
  });
}

function isSame<T>(codec: { encode(value: T): { finish(): Uint8Array } }, one: T, other: T): boolean {
  return Buffer.from(codec.encode(one).finish()).equals(codec.encode(other).finish());
}
