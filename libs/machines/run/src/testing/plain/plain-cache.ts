/** Outputs that other tasks may reuse. */
import { isDeepStrictEqual } from "node:util";
import type { Json } from "@tutti/expressions";
import { valueFrom } from "./names.ts";
import type { PlainBooks, Standing } from "./plain-books.ts";
import { plainJson } from "./plain-json.ts";
import { namesOfTask } from "./plain-scene.ts";
import type { PlainTask } from "./plain-task.ts";

type Cached = Pick<PlainBooks, "cached" | "facts">;

/** Stores an output that has passed its checks. */
export function store(run: Cached, task: PlainTask, standing: Standing): void {
  const key = keyOf(run, task);
  if (key === undefined || typeof standing !== "object" || !("value" in standing)) return;
  run.cached.set(key, [...(run.cached.get(key) ?? []), standing.value]);
}

/** Returns whether an output came from the cache. Work that was sent back is always repeated. */
export function isCached(run: Cached, task: PlainTask, output: Json): boolean {
  const key = keyOf(run, task);
  const known = key === undefined || task.feedback !== null ? [] : (run.cached.get(key) ?? []);
  return known.some((one) => isDeepStrictEqual(plainJson(one), output));
}

/** Returns the cache key: the key from the definition, or else the input of the task. */
function keyOf({ facts }: Cached, task: PlainTask): string | undefined {
  const { cache } = task.document;
  if (cache === undefined) return undefined;
  const key = typeof cache === "object" ? cache.key : undefined;
  const made = key === undefined ? undefined : valueFrom(key, namesOfTask(facts, task));
  const keyValue = made !== undefined && "value" in made ? made.value : "";
  return JSON.stringify(keyValue === "" ? { input: task.input ?? null } : { key: keyValue });
}
