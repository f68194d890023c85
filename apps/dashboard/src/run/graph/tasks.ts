import type { TaskFacts } from "../model/facts.ts";
import type { NeedPlace } from "../model/needs.ts";

/** The tasks that a picture is made of, and whom each of them needs, by place. */
export interface Tasks {
  readonly tasks: readonly TaskFacts[];
  readonly placeOf: ReadonlyMap<string, number>;
  readonly needs: readonly (readonly NeedPlace[])[];
}
