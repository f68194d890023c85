/** The messages that end a child, by the kind of the child. */
import { CancelMission, TerminateMission, WithdrawMission } from "@tutti/contracts/swarm/v1";
import { CancelRun, TerminateRun, WithdrawRun } from "@tutti/contracts/workflow/v1";
import type { Message } from "@tutti/kernel";

export const cancelRun: Message<CancelRun> = { type: "cancel_run", codec: CancelRun };
export const terminateRun: Message<TerminateRun> = { type: "terminate_run", codec: TerminateRun };
/** Stops a child, whether it has started or not. */
export const withdrawRun: Message<WithdrawRun> = { type: "withdraw_run", codec: WithdrawRun };

export const cancelMission: Message<CancelMission> = { type: "cancel_mission", codec: CancelMission };
export const terminateMission: Message<TerminateMission> = {
  type: "terminate_mission",
  codec: TerminateMission,
};
export const withdrawMission: Message<WithdrawMission> = { type: "withdraw_mission", codec: WithdrawMission };
