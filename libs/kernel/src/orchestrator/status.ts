import type { ComponentLife } from "./component-record.ts";
import type { ConditionStatus } from "./condition.ts";
import type { Health } from "./health/health.ts";
import type { LifecycleState } from "./lifecycle.ts";
import type { StepScope } from "./steps/step.ts";
import type { StepListing } from "./steps/step-registry.ts";

/** An orchestrator with all its parts as plain JSON. */
export interface OrchestratorStatus {
  readonly name: string;
  readonly scope: string;
  readonly version: string;
  readonly state: LifecycleState;
  /** When it entered the state, as ISO 8601 in UTC. */
  readonly since: string;
  /** Time from the start until it was ready. Null before. */
  readonly startDurationMs: number | null;
  /** Reason of its failure. Null otherwise. */
  readonly failure: FailureStatus | null;
  readonly health: Health;
  readonly condition: ConditionStatus;
  /** In the order in which they were registered. */
  readonly components: readonly ComponentStatus[];
  /** The steps of each pipeline in the order in which they run, the start-up first. */
  readonly pipelines: Readonly<Record<string, readonly StepListing[]>>;
}

export interface FailureStatus {
  readonly code: string;
  readonly reason: string;
  /** The component or step that failed. Null if several failed. */
  readonly component: string | null;
  /** Errors while the others were stopped. */
  readonly problems: readonly string[];
}

export interface ComponentStatus {
  readonly name: string;
  readonly scope: StepScope;
  readonly version: string | null;
  readonly state: ComponentLife["state"];
  readonly critical: boolean;
  readonly dependsOn: readonly string[];
  /** Duration of its start. Null before its end. */
  readonly startDurationMs: number | null;
  readonly health: Health;
  readonly condition: ConditionStatus;
  /** Its full status, if the component is an orchestrator itself. Null otherwise. */
  readonly orchestrator: OrchestratorStatus | null;
}
