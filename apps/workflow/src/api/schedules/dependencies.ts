import type { Schedule } from "@tutti/contracts/workflow/v1";
import { type LineDependencies, type MachineDependencies, workOf } from "@tutti/host/serving";
import type { CallContext } from "@tutti/kernel";
import { facts, scheduleErrors } from "@tutti/machine-schedule";
import type { Versions } from "../../definitions/versions.ts";
import { causeOf } from "../runs/dependencies.ts";
import { scheduleOf } from "./messages.ts";

/** The dependencies of the handlers of schedules. */
export interface ScheduleDependencies extends LineDependencies {
  readonly versions: Versions;
}

const work = workOf({ kind: "schedule", missing: (id) => scheduleErrors.missing({ id }) });
export const { keyOf } = work;

export async function scheduleNamed(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
): Promise<Schedule> {
  const found = await work.query(dependencies, id, { query: facts, body: undefined }, context);
  const { startedBy } = await work.factsOf(dependencies, id, context);
  return { ...scheduleOf(context.namespace, id, found), createCause: causeOf(startedBy) };
}
