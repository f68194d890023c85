import type { TuttiError } from "../errors/tutti-error.ts";
import type { ComponentPhase } from "./component-record.ts";
import type { Health } from "./health/health.ts";
import type { Lifecycle, LifecycleState } from "./lifecycle.ts";
import type { ExecutionReport } from "./safe-execute.ts";

/** Events of every orchestrator. */
export interface OrchestratorEvents {
  readonly stateChanged: { readonly from: LifecycleState; readonly to: Lifecycle };
  readonly componentStarted: { readonly component: string; readonly durationMs: number };
  readonly componentStopped: { readonly component: string };
  readonly componentFailed: {
    readonly component: string;
    readonly phase: ComponentPhase;
    readonly error: TuttiError;
  };
  /** The health of the whole orchestrator. */
  readonly healthChanged: { readonly from: Health; readonly to: Health };
  readonly componentHealthChanged: {
    readonly component: string;
    readonly from: Health;
    readonly to: Health;
  };
  /** An operation of `safeExecute` ended without its value. */
  readonly operationFailed: ExecutionReport;
}

/** The events of an orchestrator without its own events. */
export type NoEvents = Readonly<Record<never, never>>;
