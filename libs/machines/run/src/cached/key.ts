import { createHash } from "node:crypto";
import type { PlanTask } from "@tutti/definitions";
import type { Data } from "@tutti/machine-work";
import type { RangeView } from "../state.ts";

/**
 * Id of the entry for a task: tasks that use the same capability with the same key share one. Where no key is given it is
 * what the task works on.
 */
export function entryIdOf(range: RangeView, task: PlanTask, key: string, input: Data | undefined): string {
  const work = range.plan.work(task);
  const hash = createHash("sha256");
  const uses = work.kind === "uses" ? `${work.capability}@${work.versionRange}` : "";
  hash.update(JSON.stringify([uses, key]));
  if (key !== "") return hash.digest("hex");
  if (input instanceof Uint8Array) hash.update(input);
  else if (input?.body?.$case === "blob") hash.update(input.body.value.sha256).update(input.mediaType);
  else if (input?.body !== undefined) hash.update(input.body.value).update(input.mediaType);
  return hash.digest("hex");
}
