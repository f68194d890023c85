/**
 * The mission, a machine: tasks on a board, agents that work them off, and what they share.
 *
 * **What it is told.** Where the contracts have a request, that is the command's body, its ids left empty: `add_tasks`
 * (`AddTasksRequest`), `withdraw_tasks`, `bring_in_outcomes`, `renew_claims`, `release_tasks`, `complete_tasks`, `hand_off_task`,
 * `delegate_task`, `leave_mission`, `put_entries`, `send_messages`, `open_vote`, `cast_vote`, `close_vote`, `reserve_budget`,
 * `spend_budget`, `return_budget`; they answer with the reply of the contract. Of `machine_mission.proto` are `begin_mission`,
 * `pause_mission`, `resume_mission`, `cancel_mission`, `terminate_mission`, `withdraw_mission`, `remove_mission`, `join_board`,
 * `hear_participants`, `claim_board_tasks`, `signal_mission`, `resume_board_tasks`, `decide_mission_question`, `check_mission`.
 * Results of effects, with their token, have the words of runs (`tutti.workflow.v1`): `complete_task`, `fail_task`,
 * `return_task`, `note_attempt`, `note_progress` of an offer, `confirm_child`, `refuse_child` of a child's start.
 * Letters: `begin_mission`, `cancel_mission`, `terminate_mission`, `withdraw_mission`, and `end_child` of children.
 *
 * **What it sends.** To children `withdraw_run`, `cancel_run`, `terminate_run`, `withdraw_mission`, `cancel_mission`,
 * `terminate_mission`; to its parent `end_child`.
 *
 * **What it asks for** is in `effects.ts`: `offer_task` in the form of runs, and `start_child`.
 *
 * Idempotency keys are the runtime's: a repetition never gets here. What is answered says what is durable with it.
 */
export type { MissionEffect } from "./effects.ts";
