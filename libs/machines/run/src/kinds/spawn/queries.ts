/** Tasks to add, checked against the current run. */
import { type CheckedDefinition, checkAddition, type TaskDocument } from "@tutti/definitions";
import type { Query, Refusal } from "@tutti/kernel";
import type { Run } from "../../core/state/state.ts";
import { runErrors } from "../../errors.ts";
import { taskThere } from "./check.ts";

export interface AdditionReview {
  /** Their plan, or its problems. */
  readonly checked: CheckedDefinition;
  /** Ids that the run has already. */
  readonly existing: readonly string[];
}

export const checkAdded: Query<
  Run,
  { readonly tasks: Readonly<Record<string, TaskDocument>> },
  AdditionReview | Refusal
> = {
  type: "addition",
  answer(run, { tasks }, { key }) {
    if (run.order === undefined) return runErrors.runMissing.refusal({ id: key.id });
    const plan = run.plan?.plan;
    const own = new Set(Object.keys(tasks));
    const isThere = (id: string) => taskThere(run, id) !== undefined;
    // A repeated call with tasks that were added before gets the same plan.
    const exists = (id: string) => !own.has(id) && isThere(id);
    const checked = checkAddition(tasks, { ...(plan === undefined ? {} : { plan }), exists });
    return { checked, existing: [...own].filter(isThere) };
  },
};
