/**
 * What a mission wants done outside. Effects are made while events are folded and refer to what the state has. They are
 * handed over when their event is durable. An offer is withdrawn like any effect: it is settled in the state, by a
 * claim, an end or a pause.
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

/** What all offers of tasks that differ in their inputs alone have in common. The same object for all of them. */
export interface BoardProfile extends Omit<OfferTask["profile"], "policy"> {
  readonly policy: Pick<
    OfferTask["profile"]["policy"],
    "priority" | "resources" | "estimate" | "limits" | "mayBeDoubled"
  >;
}

/** A child run or mission. Its result is `confirm_child` or `refuse_child`. Its end comes by the message `end_child`. */
export interface StartMissionChild extends Omit<StartChild, "parentClose" | "details"> {
  /** What is set aside for it: it may not use up more. Absent means without limit. */
  readonly budget: Amounts | undefined;
  /** How deep it is below the outermost. */
  readonly depth: number;
  /** How deep it may start others. */
  readonly depthLeft: number;
  readonly root: WorkReference;
}
