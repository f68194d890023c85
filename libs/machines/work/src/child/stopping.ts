/** Ends a child run or mission by a letter: its parent no longer waits for it. */
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

export interface StoppedChild {
  readonly kind: "run" | "mission";
  readonly id: string;
  readonly definition: string;
  readonly parent: WorkReference;
  /** The start of the child may arrive after the letter. The child then knows that it does not start. */
  readonly isStarting: boolean;
  readonly isByForce: boolean;
  readonly reason: string;
}

export function stopChild<State, Effect>(
  step: MachineStep<State, Effect>,
  { kind, id, definition, parent, isStarting, isByForce, reason }: StoppedChild,
): void {
  const to = workAddress(parent.namespace, { kind, id });
  if (isStarting) {
    const given = { definition, parent, terminate: isByForce, reason };
    if (kind === "mission") step.send(to, withdrawMission, given);
    else step.send(to, withdrawRun, { ...given, fromId: "" });
  } else if (kind === "mission") step.send(to, isByForce ? terminateMission : cancelMission, { reason });
  else step.send(to, isByForce ? terminateRun : cancelRun, { reason });
}
