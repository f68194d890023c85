/**
 * Effects that a mission requests. Folds create them, and they refer to data of the state. They are executed
 * after their event is durable. An offer is withdrawn like any effect: the state settles it, by a claim, an
 * end or a pause.
 */
import type { Amounts, WorkReference } from "@tutti/contracts/types/v1";
import type { OfferTask, StartChild } from "@tutti/machine-run";

export type Gang = NonNullable<OfferTask["gang"]>;
export type MissionEffect = OfferBoardTask | StartMissionChild;

/**
 * An attempt of a task, for a pool, in the form in which runs offer theirs. Its result is `complete_task`, `fail_task`
 * or `return_task`. `note_attempt`, `note_progress` and `note_model_calls` leave it outstanding.
 */
export interface OfferBoardTask extends Omit<OfferTask, "profile"> {
  readonly profile: BoardProfile;
  /** The reservation for the attempt, which its agent receives. Absent means without limit. */
  readonly budget: Amounts | undefined;
}

/** Data that all offers of tasks with different inputs share. The same object for all of them. */
export interface BoardProfile extends Omit<OfferTask["profile"], "policy"> {
  readonly policy: Pick<
    OfferTask["profile"]["policy"],
    "priority" | "resources" | "estimate" | "limits" | "mayBeDoubled"
  >;
}

/**
 * A child run or mission. Its result is `confirm_child` or `refuse_child`. The message `end_child` reports
 * its end.
 */
export interface StartMissionChild extends Omit<StartChild, "parentClose" | "details"> {
  /** Reserved amounts: the child may not use more. Absent means without limit. */
  readonly budget: Amounts | undefined;
  /** Number of levels below the outermost work. */
  readonly depth: number;
  /** Number of further levels that it may start. */
  readonly depthLeft: number;
  readonly root: WorkReference;
}
