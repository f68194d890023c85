import { OnCallChangedV1 } from "@tutti/contracts/insight/v1";
import type { AlertsEvent } from "../state.ts";

export const onCallChanged: AlertsEvent<OnCallChangedV1> = {
  type: "on_call_changed",
  version: 1,
  codec: OnCallChangedV1,
  evolve(state, { rotations, removedRotationIds, policies, removedPolicyIds }) {
    for (const kept of rotations) state.rotations.set(kept.rotation?.rotationId ?? "", kept);
    for (const id of removedRotationIds) state.rotations.delete(id);
    for (const kept of policies) state.policies.set(kept.policy?.policyId ?? "", kept);
    for (const id of removedPolicyIds) state.policies.delete(id);
  },
};
