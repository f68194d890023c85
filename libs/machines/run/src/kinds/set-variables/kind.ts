/** Computes a value and completes when it starts. */

import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { givenWhole } from "../../core/evaluate/evaluate.ts";
import { sceneOf, type TaskKind } from "../../core/node/task-kind.ts";

export const set: TaskKind = {
  start(place) {
    const { task, budget } = place;
    if (task.input < 0) {
      complete(place, undefined);
      return;
    }
    const made = givenWhole(sceneOf(place), task.input, "`set`");
    if (!made.ok) {
      failForGood(place, made.error);
      return;
    }
    budget.spend(made.bytes.length);
    complete(place, made.bytes);
  },
};
