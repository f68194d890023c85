/** Computes a value: done as soon as it starts. */
import { givenWhole } from "../evaluate/evaluate.ts";
import { sceneOf, type TaskKind } from "../kinds/kind.ts";
import { complete, failForGood } from "../node/outcome.ts";

export const set: TaskKind = {
  begin(place) {
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
