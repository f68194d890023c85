/** Outputs that other tasks may reuse. */
import { isDeepStrictEqual } from "node:util";
import type { Json } from "@tutti/expressions";
import { valueFrom } from "./names.ts";
import { plainJson } from "./plain-json.ts";
import type { RunModel, TaskProgress } from "./plain-model.ts";
import { namesOfTask } from "./plain-scene.ts";
import type { PlainTask } from "./plain-task.ts";

type Cached = Pick<RunModel, "cached" | "facts">;

/** Stores an output that has passed its checks. */
export function store(run: Cached, task: PlainTask, progress: TaskProgress): void {
  const key = keyOf(run, task);
  if (key === undefined || typeof progress !== "object" || !("value" in progress)) return;
  run.cached.set(key, [...(run.cached.get(key) ?? []), progress.value]);
}

/** Returns whether an output came from the cache. Work that was sent back is always repeated. */
export function isCached(run: Cached, task: PlainTask, output: Json): boolean {
  const key = keyOf(run, task);
  const known = key === undefined || task.feedback !== null ? [] : (run.cached.get(key) ?? []);
  return known.some((each) => isDeepStrictEqual(plainJson(each), output));
}

/** Returns the cache key: the key from the definition, or else the input of the task. */
function keyOf({ facts }: Cached, task: PlainTask): string | undefined {
  const { cache } = task.document;
  if (cache === undefined) return undefined;
  const key = typeof cache === "object" ? cache.key : undefined;
  const result = key === undefined ? undefined : valueFrom(key, namesOfTask(facts, task));
  const keyValue = result !== undefined && "value" in result ? result.value : "";
  return JSON.stringify(keyValue === "" ? { input: task.input ?? null } : { key: keyValue });
}
