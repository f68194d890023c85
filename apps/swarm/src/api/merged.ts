import { mergedFields as merged } from "@tutti/host/serving";
import { poolErrors } from "@tutti/machine-entities/pool";

const naming = ["namespace", "pool", "hookId", "scalerId"];

/** Returns a resource of a pool with the named fields replaced. Without names, all fields that are set. */
export function mergedFields<T extends object>(
  before: T,
  requested: T,
  fields: readonly string[],
  changeable: readonly (keyof T & string)[],
): T {
  return merged(before, requested, fields, { changeable, naming, refuse });
}

function refuse(problem: string): never {
  throw poolErrors.invalid({ problem }, { violations: [{ field: "update.fields", message: problem }] });
}
