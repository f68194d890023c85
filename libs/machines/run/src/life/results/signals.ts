/** Signals to a run, kept until a task or a transition receives them. */
import type { Payload } from "@tutti/contracts/types/v1";
import { RunSignalled, SignalRun } from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { StepBudget, statusName } from "@tutti/machine-work";
import { signalsMax } from "../../core/state/limits.ts";
import { hasEnded, type RunCommand, type RunView, statusOf } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { deliverToWaiting, waiterFor } from "../../kinds/signal/delivery.ts";
import { signalReceived } from "../../kinds/signal/events.ts";
import { advance } from "../advance/advance.ts";
import { payloadOf } from "../entry/entries.ts";

export const signalRun: RunCommand<SignalRun, RunSignalled> = {
  type: "signal_run",
  codec: SignalRun,
  reply: RunSignalled,
  decide(run, { signal: name, payload }, step) {
    const { id } = step.key;
    if (run.order === undefined) return runErrors.runMissing.refusal({ id });
    if (hasEnded(run)) {
      const status = statusName(statusOf(run));
      return runErrors.runEnded.refusal({ id, status, wanted: "that has not ended" });
    }
    const invalid = declaredProblem(run, name, payload);
    if (invalid !== undefined) return invalid;
    const number = (run.more?.lastSignal ?? 0) + 1;
    const signal = { number, signal: name, payload, receiveMs: step.nowMs, event: undefined };
    const isFull = (run.more?.signals.length ?? 0) >= signalsMax;
    // A signal that a task waits for is not kept, so a full list does not block it.
    if (isFull && waiterFor(run, signal, step, new StepBudget()) === undefined)
      return runErrors.signalsFull.refusal({ id, max: signalsMax });
    step.emit(signalReceived, { signal });
    const event = step.events;
    deliverToWaiting(run, signal, step, new StepBudget());
    advance(run, step);
    return { number, event, awaited: otherwiseAwaited(run, name) };
  },
};

/** Returns the awaited names if the name is not among them: it may be misspelled. */
function otherwiseAwaited({ plan, more }: RunView, name: string): string[] {
  const plans = [
    ...(plan === undefined ? [] : [plan]),
    ...(more?.additions ?? []).map((addition) => addition.plan),
  ];
  const awaited = new Set(plans.flatMap((each) => [...each.awaitedSignals]));
  const isDeclared = plan?.plan.entries.some((entry) => entry.kind === "signal" && entry.name === name);
  return isDeclared === true || awaited.has(name) ? [] : [...awaited];
}

/**
 * Returns the problem of a signal. A definition that declares its signals accepts these, and those that its
 * tasks and states wait for. Their payloads must satisfy the declared schemas. A definition that declares
 * none accepts any signal.
 */
function declaredProblem(
  { plan, more, order }: RunView,
  name: string,
  payload: Payload | undefined,
): Refusal | undefined {
  const entries = plan?.plan.entries.filter(({ kind }) => kind === "signal") ?? [];
  if (plan === undefined || entries.length === 0) return undefined;
  const declared = entries.find((entry) => entry.name === name);
  if (declared === undefined) {
    if (plan.awaitedSignals.has(name)) return undefined;
    if (more?.additions.some((addition) => addition.plan.awaitedSignals.has(name)) === true) return undefined;
    const names = entries.map((entry) => `\`${entry.name}\``).join(", ");
    return runErrors.signalUnknown.refusal({ signal: name, definition: order?.definition ?? "", names });
  }
  if (declared.inputSchema === null) return undefined;
  const checked = payloadOf(declared, payload);
  return isRefusal(checked) ? checked : undefined;
}
