/** Computes a value and completes when it starts. */

import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { evaluateInFull } from "../../core/evaluate/evaluate.ts";
import { sceneOf, type TaskKind } from "../../core/node/task-kind.ts";

export const set: TaskKind = {
  start(place) {
    const { task, budget } = place;
    if (task.input < 0) {
      complete(place, undefined);
      return;
    }
    const result = evaluateInFull(sceneOf(place), task.input, "`set`");
    if (!result.ok) {
      failForGood(place, result.error);
      return;
    }
    budget.spend(result.bytes.length);
    complete(place, result.bytes);
  },
};
