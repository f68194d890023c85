/**
 * Effects that a session requests. Folds create them, and they refer to data of the state. They are executed after
 * their event is durable.
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

/**
 * Outstanding to the end: `confirm_locks` reports that the locks are held. They are renewed until the effect is
 * withdrawn, and then released.
 */
export interface HoldLocks {
  readonly kind: "hold_locks";
  readonly locks: readonly LockNeed[];
  readonly priority: number;
}

/** Breaks a goal down into tasks. Result: `record_goal`, or `refuse_start`. */
export interface AskPlanner {
  readonly kind: "ask_planner";
  /** Specification with the goal. */
  readonly spec: SessionSpec;
  readonly runId: string;
}

/** Result: `record_choice`, or `refuse_start`. The worker queries the data that it needs. */
export interface ChooseMode {
  readonly kind: "choose_mode";
  readonly requestedMode: Mode;
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
  /** Ids of tasks that other parts execute. */
  readonly elsewhere: readonly string[];
}

/** Follows the tasks of a part: `note_tasks` reports changes. Result: `end_part`. */
export interface FollowPart extends PartWork {
  readonly kind: "follow_part";
  /** Whether its work has ended. */
  readonly isOver: boolean;
}

/** The next operation on the part. Result: `confirm_operation` or `refuse_operation`. */
export interface OperatePart extends PartWork {
  readonly kind: "operate_part";
  readonly spec: SessionSpec;
  /** Number among the operations of the part. */
  readonly number: number;
  readonly operation: PartOperation;
  /** Tasks to add. */
  readonly tasks: readonly TaskSpec[];
  /** Ids of the tasks of the operation, if no tasks are added. */
  readonly taskIds: readonly string[];
  /** Ids of tasks that the added ones refer to, and that other parts execute. */
  readonly elsewhere: readonly string[];
}

/** Outstanding until nothing more starts: `place_tasks` reports the tasks to start now, and plans. */
export interface PlanPart extends PartWork {
  readonly kind: "plan_part";
}
