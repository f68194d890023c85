import type { TaskFacts } from "../model/facts.ts";
import type { NeedPlace } from "../model/needs.ts";

/** The facts of a task that the graph shows. */
export type GraphTask = Pick<TaskFacts, "id" | "title" | "kind" | "uses" | "parentId" | "needs">;

/** The tasks that a picture is made of, and whom each of them needs, by place. */
export interface Tasks {
  readonly tasks: readonly GraphTask[];
  readonly placeOf: ReadonlyMap<string, number>;
  readonly needs: readonly (readonly NeedPlace[])[];
}
