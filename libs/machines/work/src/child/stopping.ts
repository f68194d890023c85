/** Ends a child run or mission by a message: its parent no longer waits for it. */
import type { WorkReference } from "@tutti/contracts/types/v1";
import type { MachineStep } from "@tutti/kernel";
import { workAddress } from "./ending.ts";
import {
  cancelMission,
  cancelRun,
  terminateMission,
  terminateRun,
  withdrawMission,
  withdrawRun,
} from "./messages.ts";

/** Cancelled, cancelled without compensation, or terminated. */
export type Stopping = "cancel" | "leave" | "terminate";

export interface StoppedChild {
  readonly kind: "run" | "mission";
  readonly id: string;
  readonly definition: string;
  readonly parent: WorkReference;
  /** The start of the child may arrive after the message. The child then does not start. */
  readonly isStarting: boolean;
  readonly mode: Stopping;
  readonly reason: string;
}

export function stopChild<State, Effect>(
  step: MachineStep<State, Effect>,
  { kind, id, definition, parent, isStarting, mode, reason }: StoppedChild,
): void {
  const isByForce = mode === "terminate";
  const noCompensate = mode === "leave";
  const to = workAddress(parent.namespace, { kind, id });
  if (isStarting) {
    const request = { definition, parent, terminate: isByForce, reason, noCompensate };
    if (kind === "mission") step.send(to, withdrawMission, request);
    else step.send(to, withdrawRun, { ...request, fromId: "" });
  } else if (isByForce) step.send(to, kind === "mission" ? terminateMission : terminateRun, { reason });
  else step.send(to, kind === "mission" ? cancelMission : cancelRun, { reason, noCompensate });
}
