import type { Schedule } from "@tutti/contracts/workflow/v1";
import { ask, type LineDependencies, type MachineDependencies } from "@tutti/host/serving";
import type { CallContext, InstanceKey } from "@tutti/kernel";
import { facts, scheduleErrors } from "@tutti/machine-schedule";
import { runtimeErrors } from "@tutti/runtime/errors";
import type { Versions } from "../../definitions/versions.ts";
import { scheduleOf } from "./messages.ts";

/** What the handlers about schedules work with. */
export interface ScheduleDependencies extends LineDependencies {
  readonly versions: Versions;
}

export function keyOf(namespace: string, id: string): InstanceKey {
  return { namespace, kind: "schedule", id };
}

export async function scheduleNamed(
  dependencies: MachineDependencies,
  id: string,
  context: CallContext,
): Promise<Schedule> {
  const { namespace } = context;
  try {
    const found = await ask(dependencies, keyOf(namespace, id), { query: facts, body: undefined }, context);
    return scheduleOf(namespace, id, found);
  } catch (error) {
    throw runtimeErrors.unknownInstance.is(error) ? scheduleErrors.missing({ id }) : error;
  }
}
