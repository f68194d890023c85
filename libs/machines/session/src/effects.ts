/**
 * What a session wants done outside. Effects are made while events are folded and refer to what the state has. They are
 * handed over when their event is durable.
 */
import type {
  LockNeed,
  Mode,
  PartOperation,
  SessionDependency,
  SessionSpec,
} from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";

export type SessionEffect =
  | AwaitSession
  | HoldLocks
  | AskPlanner
  | ChooseMode
  | StartPart
  | FollowPart
  | OperatePart
  | PlanPart;

/** Result: `settle_dependency`, or `refuse_start`. */
export interface AwaitSession {
  readonly kind: "await_session";
  readonly dependency: SessionDependency;
}

/** Outstanding to the end: `confirm_locks` says that they are held. They are renewed until it is withdrawn, and released then. */
export interface HoldLocks {
  readonly kind: "hold_locks";
  readonly locks: readonly LockNeed[];
  readonly priority: number;
}

/** A goal is to be broken down into tasks. Result: `record_goal`, or `refuse_start`. */
export interface AskPlanner {
  readonly kind: "ask_planner";
  /** With the goal. */
  readonly spec: SessionSpec;
  readonly runId: string;
}

/** Result: `record_choice`, or `refuse_start`. What is looked at is asked for. */
export interface ChooseMode {
  readonly kind: "choose_mode";
  readonly wanted: Mode;
}

/** The work of a part. */
export interface PartWork {
  readonly part: number;
  readonly partId: string;
  readonly mode: Mode;
  readonly workId: string;
}

/** Result: `confirm_part` or `refuse_part`. */
export interface StartPart extends PartWork {
  readonly kind: "start_part";
  readonly spec: SessionSpec;
  readonly tasks: readonly TaskSpec[];
  /** Ids of tasks that are done elsewhere. */
  readonly elsewhere: readonly string[];
}

/** Its tasks are looked after: `note_tasks` says what is other than before. Result: `end_part`. */
export interface FollowPart extends PartWork {
  readonly kind: "follow_part";
  /** Whether its work has ended. */
  readonly isOver: boolean;
}

/** The first thing that is to be done with it. Result: `confirm_operation` or `refuse_operation`. */
export interface OperatePart extends PartWork {
  readonly kind: "operate_part";
  readonly spec: SessionSpec;
  /** Its number among the operations of the part. */
  readonly number: number;
  readonly operation: PartOperation;
  /** Tasks to be put in. */
  readonly tasks: readonly TaskSpec[];
  /** Ids of the tasks that it is about, where they are not put in. */
  readonly taskIds: readonly string[];
  /** Ids of tasks that those that are put in look at, and that are done elsewhere. */
  readonly elsewhere: readonly string[];
}

/** Outstanding until nothing more is to be started: `place_tasks` says what is to start now, and plans. */
export interface PlanPart extends PartWork {
  readonly kind: "plan_part";
}
