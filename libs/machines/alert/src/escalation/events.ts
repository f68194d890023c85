import { EscalationsChangedV1 } from "@tutti/contracts/insight/v1";
import { setTimer } from "../delivery/due.ts";
import type { AlertsEvent } from "../state.ts";

export const escalationsChanged: AlertsEvent<EscalationsChangedV1> = {
  type: "escalations_changed",
  version: 1,
  codec: EscalationsChangedV1,
  evolve(state, { escalations, endedRuleIds }, outstanding) {
    for (const escalation of escalations) state.escalations.set(escalation.ruleId, escalation);
    for (const ruleId of endedRuleIds) state.escalations.delete(ruleId);
    setTimer(state, outstanding);
  },
};
