import type { Limit } from "../limits/room.ts";
import type { Extras, Task } from "./task.ts";

const never = Number.POSITIVE_INFINITY;

/** Returns the initial extras of a task. Only some tasks have any. */
export function extrasOf(
  limits: readonly Limit<Task>[],
  { stickyKey, contextKey, share }: Pick<Extras, "stickyKey" | "contextKey" | "share">,
): Extras {
  return {
    limits,
    wokenBy: undefined,
    waitsFor: "",
    waitsSinceMs: 0,
    waited: [],
    stickyKey,
    contextKey,
    unbound: undefined,
    boundDueMs: never,
    mayBind: true,
    repeats: [],
    share,
    gang: undefined,
  };
}
