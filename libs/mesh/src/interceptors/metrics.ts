import type { Clock, CounterCell, Metrics, Status, TuttiError } from "@tutti/kernel";
import type { Interceptor } from "./chain.ts";

export interface Measured {
  /** On the monotonic clock. */
  readonly startedMs: number;
}

const secondsBuckets = [
  0.000_01, 0.000_05, 0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5,
  10, 30,
];

/** Counts calls by outcome, times them, and counts those in flight. */
export function metricsInterceptor(
  metrics: Metrics,
  clock: Clock,
  side: "client" | "server",
): Interceptor<Measured> {
  const calls = metrics.counter<"service" | "method" | "side" | "code">({
    name: "tutti_mesh_calls_total",
    help: "Completed calls by gRPC status.",
    labels: ["service", "method", "side", "code"],
  });
  const durations = metrics.histogram<"service" | "method" | "side">({
    name: "tutti_mesh_call_duration_seconds",
    help: "Duration of calls. For streams, the time they were open.",
    labels: ["service", "method", "side"],
    buckets: secondsBuckets,
  });
  const inFlight = metrics.gauge<"service" | "method" | "side">({
    name: "tutti_mesh_calls_in_flight",
    help: "Calls in flight.",
    labels: ["service", "method", "side"],
  });
  return {
    name: "metrics",
    scope: "core",
    run(binding) {
      const { method } = binding;
      const labels = { service: method.contract, method: method.name, side };
      const createCells = () => ({
        running: inFlight.with(labels),
        duration: durations.with(labels),
        ok: calls.with({ ...labels, code: "OK" }),
        failed: new Map<Status, CounterCell>(),
      });
      let cells: ReturnType<typeof createCells> | undefined;
      binding.add({
        before() {
          // Created at the first call: a process knows hundreds of methods, and most are never called in it.
          cells ??= createCells();
          cells.running.add(1);
          return undefined;
        },
        after(call, error: TuttiError | undefined) {
          cells ??= createCells();
          const { running, duration, ok, failed } = cells;
          running.add(-1);
          duration.observe((clock.monotonic() - call.startedMs) / 1_000);
          if (error === undefined) {
            ok.add();
            return;
          }
          let cell = failed.get(error.status);
          if (cell === undefined) {
            cell = calls.with({ ...labels, code: error.status });
            failed.set(error.status, cell);
          }
          cell.add();
        },
      });
    },
  };
}
