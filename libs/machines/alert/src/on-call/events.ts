import { OnCallChangedV1 } from "@tutti/contracts/insight/v1";
import type { AlertsEvent } from "../state.ts";

export const onCallChanged: AlertsEvent<OnCallChangedV1> = {
  type: "on_call_changed",
  version: 1,
  codec: OnCallChangedV1,
  evolve(state, { rotations, removedRotationIds, policies, removedPolicyIds }) {
    for (const stored of rotations) state.rotations.set(stored.rotation?.rotationId ?? "", stored);
    for (const id of removedRotationIds) state.rotations.delete(id);
    for (const stored of policies) state.policies.set(stored.policy?.policyId ?? "", stored);
    for (const id of removedPolicyIds) state.policies.delete(id);
  },
};
