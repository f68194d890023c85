/** Creates the parts of a session, and passes signals to them. */
import { type ModeChosenV1, SignalWork } from "@tutti/contracts/session/v1";
import { operationQueued } from "../part/events.ts";
import { isOpen, type SessionStep, type SessionView } from "../state.ts";
import { deliverOutcomes } from "../task/references.ts";
import { modeChosen } from "./events.ts";

type Operation = NonNullable<
  NonNullable<Parameters<typeof operationQueued.evolve>[1]["operation"]>["operation"]
>;

export function sendToParts(session: SessionView, step: SessionStep, operation: Operation): void {
  for (const part of session.parts)
    if (isOpen(part) && !part.isOver)
      step.emit(operationQueued, { part: part.number, operation: { operation } });
}

/** Continues the session in these parts, which receive the signals that arrived before any part existed. */
export function continueIn(
  session: SessionView,
  step: SessionStep,
  fields: Pick<ModeChosenV1, "choice" | "mode" | "parts">,
): void {
  const signals = session.signals.map((signal) => SignalWork.fromPartial(signal));
  step.emit(modeChosen, { ...fields, chooseMs: step.nowMs });
  for (const value of signals) sendToParts(session, step, { $case: "signal", value });
  if (session.pauseMs > 0) sendToParts(session, step, { $case: "pause", value: true });
  deliverOutcomes(session, step);
}
