/** Resets a run to its state after one of its events. */
import {
  type ResetRunRequest,
  type Run,
  RunResetV1,
  type RunSignal,
  SignalReceivedV1,
} from "@tutti/contracts/workflow/v1";
import type { CallContext } from "@tutti/kernel";
import { resetRun, runLimits, showSnapshot } from "@tutti/machine-run";
import { executeOnRun, queryRun, type RunDependencies, recordsOf, runNamed } from "./dependencies.ts";

/** Resets a run. The earlier state is part of the command, so the record is complete in itself. */
export async function reset(
  dependencies: RunDependencies,
  { runId, toEvent, keepSignals, reason, idempotencyKey }: ResetRunRequest,
  context: CallContext,
): Promise<{ run: Run }> {
  const then = { query: showSnapshot, body: undefined, atEvent: toEvent };
  const { bytes: snapshot, lastSignal } = await queryRun(dependencies, runId, then, context);
  const since = keepSignals ? await signalsSince(dependencies, runId, toEvent, context) : [];
  // Numbers restart at the point of an earlier reset.
  const signals = since.map((signal, place) => ({ ...signal, number: lastSignal + 1 + place }));
  const body = { toEvent, snapshot, keepSignals, signals, reason };
  const call = { command: resetRun, body, reason, idempotencyKey };
  await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

/** Returns the signals after an event, consumed or not, without those that an earlier reset has undone. */
async function signalsSince(
  dependencies: RunDependencies,
  runId: string,
  toEvent: number,
  context: CallContext,
): Promise<RunSignal[]> {
  let received: { readonly event: number; readonly signal: RunSignal }[] = [];
  for await (const { event, type, payload } of recordsOf(dependencies, runId, 0, context)) {
    if (type === "signal_received") {
      const { signal } = SignalReceivedV1.decode(payload);
      if (signal !== undefined) received.push({ event, signal });
    } else if (type === "run_reset") {
      const { toEvent: resetTo, signals } = RunResetV1.decode(payload);
      received = received.filter((entry) => entry.event <= resetTo);
      for (const signal of signals) received.push({ event, signal });
    }
  }
  const since = received.filter(({ event }) => event > toEvent).map(({ signal }) => signal);
  return since.slice(0, runLimits.signalsMax);
}
