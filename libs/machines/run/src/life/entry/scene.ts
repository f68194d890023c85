/** The scene of expressions of the run itself. Updates, queries and states belong to no task. */
import type { Value } from "@tutti/expressions";
import type { StepBudget } from "@tutti/machine-work";
import type { Scene } from "../../core/evaluate/scene.ts";
import type { RangeView, RunView } from "../../core/state/state.ts";

export function sceneOfRun(
  run: RunView,
  names: Readonly<Record<string, Value>> = {},
  budget?: StepBudget,
): Scene {
  const range = run.ranges[0];
  const isOfTasks = run.plan?.plan.kind !== "states" && range !== undefined;
  return {
    run,
    range: isOfTasks ? range : outsideOf(run),
    node: -1,
    names,
    ...(budget === undefined ? {} : { budget }),
  };
}

/** A definition of states has no tasks of its own. */
function outsideOf(run: RunView): RangeView {
  return {
    first: 0,
    count: 0,
    owner: -1,
    planPlace: 0,
    scope: -1,
    firstTask: 0,
    isEntries: false,
    round: 1,
    remaining: 0,
    open: [],
    event: undefined,
    failed: -1,
    isDropped: false,
    ownValue: undefined,
    plan: run.plan as RangeView["plan"],
  };
}
