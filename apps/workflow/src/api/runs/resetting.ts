/** Resets a run to its state after one of its events. */
import { KeyAnswered } from "@tutti/contracts/runtime/v1";
import {
  type ResetRunRequest,
  type Run,
  RunResetV1,
  type RunSignal,
  SignalReceivedV1,
} from "@tutti/contracts/workflow/v1";
import type { Recorded } from "@tutti/host/serving";
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
  const after = { runId, toEvent, lastSignal, idempotencyKey };
  const signals = keepSignals ? await signalsSince(dependencies, after, context) : [];
  const body = { toEvent, snapshot, keepSignals, signals, reason };
  const call = { command: resetRun, body, reason, idempotencyKey };
  await executeOnRun(dependencies, runId, call, context);
  return { run: await runNamed(dependencies, runId, {}, context) };
}

interface ResetPoint {
  readonly runId: string;
  readonly toEvent: number;
  /** Number of the last signal until that event. */
  readonly lastSignal: number;
  readonly idempotencyKey: string;
}

/**
 * Returns the signals after an event, consumed or not, without those that an earlier reset has undone. A repeated call
 * gets the signals of its first reset, so that it is the same command.
 */
async function signalsSince(
  dependencies: RunDependencies,
  { runId, toEvent, lastSignal, idempotencyKey }: ResetPoint,
  context: CallContext,
): Promise<readonly RunSignal[]> {
  let received: { readonly event: number; readonly signal: RunSignal }[] = [];
  let ofLastReset: readonly RunSignal[] = [];
  for await (const record of recordsOf(dependencies, runId, 0, context)) {
    const { event, type, payload } = record;
    if (type === "signal_received") {
      const { signal } = SignalReceivedV1.decode(payload);
      if (signal !== undefined) received.push({ event, signal });
    } else if (type === "run_reset") {
      const { toEvent: resetTo, signals } = RunResetV1.decode(payload);
      received = received.filter((entry) => entry.event <= resetTo);
      for (const signal of signals) received.push({ event, signal });
      ofLastReset = signals;
    } else if (isReplyTo(idempotencyKey, record, dependencies.foundation.clock.now())) return ofLastReset;
  }
  const since = received.filter(({ event }) => event > toEvent).slice(0, runLimits.signalsMax);
  // Numbers restart at the point of an earlier reset.
  return since.map(({ signal }, place) => ({ ...signal, number: lastSignal + 1 + place }));
}

/** A key that expires within this time counts as new: the runtime must still know it when it decides. */
const expiryMarginMs = 60_000;

/** Returns whether the record is the reply that a repeated call with the key gets. */
export function isReplyTo(idempotencyKey: string, { type, payload }: Recorded, nowMs: number): boolean {
  if (idempotencyKey === "" || type !== "runtime.key_answered") return false;
  const { key, untilMs } = KeyAnswered.decode(payload);
  return key === idempotencyKey && untilMs > nowMs + expiryMarginMs;
}
