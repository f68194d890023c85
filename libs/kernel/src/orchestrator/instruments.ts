/**
 * Metrics of an orchestrator. Label values are names from the code: of orchestrators, components, steps and operations.
 */

import type { Clock } from "../ports/clock.ts";
import type { CounterCell, GaugeCell, Metrics } from "../ports/metrics.ts";
import { type Health, severityOf } from "./health/health.ts";
import { type LifecycleState, lifecycleStates } from "./lifecycle.ts";
import type { ExecutionOutcome } from "./safe-execute.ts";
import type { StepObserver } from "./steps/pipeline.ts";

/** Maximum number of operation names. More are counted under `other`, because a name may contain an id by mistake. */
const operationNamesMax = 100;

export class OrchestratorInstruments {
  readonly #orchestrator: string;
  readonly #metrics: Metrics;
  readonly #states: Readonly<Record<LifecycleState, GaugeCell>>;
  readonly #startDuration: GaugeCell;
  readonly #health: GaugeCell;
  readonly #operations = new Map<string, Map<ExecutionOutcome, CounterCell>>();
  readonly #retries: CounterCell;

  constructor(orchestrator: string, metrics: Metrics) {
    this.#orchestrator = orchestrator;
    this.#metrics = metrics;
    const states = metrics.gauge({
      name: "tutti_orchestrator_state",
      help: "1 for the state an orchestrator is in, 0 for the others.",
      labels: ["orchestrator", "state"],
    });
    const cellOf = (state: LifecycleState): GaugeCell => states.with({ orchestrator, state });
    this.#states = {
      created: cellOf("created"),
      starting: cellOf("starting"),
      ready: cellOf("ready"),
      draining: cellOf("draining"),
      stopped: cellOf("stopped"),
      failed: cellOf("failed"),
    };
    this.#startDuration = metrics
      .gauge({
        name: "tutti_orchestrator_start_duration_seconds",
        help: "Duration of the start of an orchestrator until it is ready.",
        labels: ["orchestrator"],
      })
      .with({ orchestrator });
    this.#health = metrics
      .gauge({
        name: "tutti_orchestrator_health_severity",
        help: "Health of an orchestrator: 0 healthy, 1 degraded, 2 unhealthy.",
        labels: ["orchestrator"],
      })
      .with({ orchestrator });
    this.#retries = metrics
      .counter({
        name: "tutti_orchestrator_operation_retries_total",
        help: "Retries of operations after transient failures.",
        labels: ["orchestrator"],
      })
      .with({ orchestrator });
  }

  entered(state: LifecycleState): void {
    for (const each of lifecycleStates) this.#states[each].set(each === state ? 1 : 0);
  }

  started(durationMs: number): void {
    this.#startDuration.set(durationMs / 1_000);
  }

  health(health: Health): void {
    this.#health.set(severityOf(health));
  }

  componentHealth(component: string, health: Health): void {
    this.#metrics
      .gauge({
        name: "tutti_orchestrator_component_health_severity",
        help: "Health of a component: 0 healthy, 1 degraded, 2 unhealthy.",
        labels: ["orchestrator", "component"],
      })
      .with({ orchestrator: this.#orchestrator, component })
      .set(severityOf(health));
  }

  listenerFailed(event: string): void {
    this.#metrics
      .counter({
        name: "tutti_orchestrator_listener_failures_total",
        help: "Failed listeners by event.",
        labels: ["orchestrator", "event"],
      })
      .with({ orchestrator: this.#orchestrator, event })
      .add();
  }

  executed(operation: string, outcome: ExecutionOutcome): void {
    const known = this.#operations.has(operation) || this.#operations.size < operationNamesMax;
    const name = known ? operation : "other";
    const cells = this.#operations.get(name) ?? new Map<ExecutionOutcome, CounterCell>();
    this.#operations.set(name, cells);
    const cell =
      cells.get(outcome) ??
      this.#metrics
        .counter({
          name: "tutti_orchestrator_operations_total",
          help: "Executed operations by outcome.",
          labels: ["orchestrator", "operation", "outcome"],
        })
        .with({ orchestrator: this.#orchestrator, operation: name, outcome });
    cells.set(outcome, cell);
    cell.add();
  }

  retried(): void {
    this.#retries.add();
  }

  /** Times the steps of a pipeline and counts those that failed. */
  observe(pipeline: string, clock: Clock): StepObserver {
    const durations = this.#metrics.histogram({
      name: "tutti_orchestrator_step_duration_seconds",
      help: "Duration of each step of a pipeline, without the steps after it.",
      labels: ["orchestrator", "pipeline", "step"],
    });
    const failures = this.#metrics.counter({
      name: "tutti_orchestrator_step_failures_total",
      help: "Errors by step of a pipeline.",
      labels: ["orchestrator", "pipeline", "step"],
    });
    return {
      clock,
      watch: (step) => {
        const labels = { orchestrator: this.#orchestrator, pipeline, step };
        const duration = durations.with(labels);
        const failure = failures.with(labels);
        return ({ durationMs, failed }) => {
          duration.observe(durationMs / 1_000);
          if (failed) failure.add();
        };
      },
    };
  }
}
