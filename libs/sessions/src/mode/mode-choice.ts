/** Choice of a mode for tasks, and its report: the same for sessions and for forecasts. */
import {
  type Choice,
  Mode,
  type Optimization,
  type SessionOrder,
  type SessionSpec,
} from "@tutti/contracts/session/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { isLimited } from "@tutti/machine-session";
import {
  chooseMode,
  type IntendedTask,
  type ModeChoice,
  type ModeChooser,
  type ModeQuestion,
  type Mode as PlannedMode,
  type Situation,
  type Weights,
} from "@tutti/planner";
import { demandOf, demandText } from "../agents/fleet.ts";
import { describedIn } from "../agents/learned.ts";

/** Returns the description of a task for choices and plans. */
export function intendedOf(
  { order }: { readonly order: Pick<ReadOnly<SessionOrder>, "definition" | "spec"> | undefined },
  spec: TaskSpec,
): IntendedTask {
  const { id, needs, estimate, mayBeDoubled } = spec;
  const statedMs = estimate?.durationMs ?? 0;
  const pool = order?.spec?.pool ?? "";
  return {
    id,
    needs: needs.map(({ task }) => task),
    demand: demandOf(spec, pool),
    demandText: demandText(spec, pool),
    ...describedIn({ order }, spec),
    repeatable: mayBeDoubled,
    ...(statedMs > 0 && { statedMs }),
  };
}

/** Parts divide a budget before their needs are known. */
const dividing: ReadonlyMap<PlannedMode, string> = new Map([
  ["hybrid", "its parts would divide the budget before it is known what each of them needs"],
]);

/** Returns the weights. Undefined for balanced ones. */
export function weightsOf(optimization: Partial<Optimization> | undefined): Weights | undefined {
  const { time = 0, cost = 0, quality = 0 } = optimization ?? {};
  return time + cost + quality === 0 ? undefined : { time, cost, quality };
}

/** Modes by their names. */
export const modes: Readonly<Record<PlannedMode, Mode>> = {
  workflow: Mode.MODE_WORKFLOW,
  swarm: Mode.MODE_SWARM,
  intelligence: Mode.MODE_INTELLIGENCE,
  hybrid: Mode.MODE_HYBRID,
};

/** Returns the choice by the goals and the limits of a session. */
export function chosenMode(
  situation: Situation,
  chooser: ModeChooser,
  { budget, optimization }: Partial<ReadOnly<Pick<SessionSpec, "budget" | "optimization">>>,
  trying: Pick<ModeQuestion, "exploration" | "underTrialMs">,
): ModeChoice {
  const weights = weightsOf(optimization);
  return chooseMode(situation, chooser, {
    ...trying,
    ...(weights !== undefined && { weights }),
    ...(isLimited(budget) && { excluded: dividing }),
  });
}

/** Converts a choice to the message of the contract. */
export function choiceOf(choice: ModeChoice): Choice {
  const { kind, features, chosen, confidence, explored, fallback, reason, model } = choice;
  return {
    choiceId: "",
    sessionId: "",
    chooseTime: undefined,
    outcome: undefined,
    kind,
    features: { ...features },
    chosen,
    confidence,
    explored,
    fallback,
    reason,
    model,
    candidates: choice.candidates.map(({ mode, expectedUse, ...candidate }) => ({
      ...candidate,
      mode: modes[mode],
      taskIds: [],
      expectedUse: { tokens: 0, ...expectedUse },
    })),
  };
}
