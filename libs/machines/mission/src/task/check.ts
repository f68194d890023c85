/** Whether tasks can come onto the board: ids, needs, expressions, bounds. */
import type { TaskSpec } from "@tutti/contracts/types/v1";
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { bytesOf, dataOfPayload } from "@tutti/machine-run/siblings";
import { missionErrors } from "../errors.ts";
import { dataOf, expressionOf, hasExpressions } from "../evaluate/programs.ts";
import { keptBytesMax, tasksDefault } from "../limits.ts";
import { type MissionView, specOf } from "../state.ts";
import { conditionText } from "./begin.ts";

/** So many of a circle are named. */
const shownMax = 10;

export function checkAdded(mission: MissionView, specs: readonly TaskSpec[]): Refusal | undefined {
  const max = specOf(mission).maxTasks || tasksDefault;
  const found = mission.tasks.length + specs.length;
  if (found > max) return missionErrors.tooManyTasks.refusal({ found, max });
  return checkTasks(specs, (id) => mission.byId.has(id), mission.keptBytes);
}

/** @param isThere whether a task with an id is on the board already */
export function checkTasks(
  specs: readonly TaskSpec[],
  isThere: (id: string) => boolean,
  keptBytes: number,
): Refusal | undefined {
  const ids = new Set<string>();
  let bytes = keptBytes;
  for (const { id, input } of specs) {
    if (isThere(id) || ids.has(id)) return missionErrors.taskExists.refusal({ task: id });
    ids.add(id);
    bytes += bytesOf(dataOfPayload(input)).length;
  }
  if (bytes > keptBytesMax)
    return missionErrors.tooLarge.refusal({ what: "bytes kept", found: bytes, max: keptBytesMax });
  for (const spec of specs) {
    const problem = taskProblem(spec, (id) => ids.has(id) || isThere(id));
    if (problem !== undefined) return missionErrors.taskInvalid.refusal({ task: spec.id, problem });
  }
  const circle = circleProblem(specs, ids);
  return circle === undefined ? undefined : missionErrors.taskInvalid.refusal(circle);
}

export function taskProblem(spec: ReadOnly<TaskSpec>, isKnown: (id: string) => boolean): string | undefined {
  const { id, work, needs, when, checks, input } = spec;
  if (id === "") return "expected an id";
  if (work === undefined || (work.$case === "capability" ? work.value : work.value.name) === "")
    return "expected a capability, or the definition of a child";
  const unknown = needs.find(({ task }) => !isKnown(task));
  if (unknown !== undefined) return `expected a task ${unknown.task} that it needs, found none`;
  if (when !== "") {
    const made = expressionOf(conditionText(when), "task", true);
    if (!made.ok) return `\`when\`: ${made.problem}`;
  }
  for (const check of checks) {
    const made = expressionOf(conditionText(check.condition), "check", true);
    if (!made.ok) return `check ${check.name}: ${made.problem}`;
    if (check.sendBackTo !== "" && check.sendBackTo !== id)
      return `check ${check.name}: expected to send back to this task, found ${check.sendBackTo}; other tasks are not done again in a mission`;
  }
  const bytes = bytesOf(dataOfPayload(input as TaskSpec["input"]));
  if (bytes.length === 0 || !hasExpressions(bytes)) return undefined;
  const made = dataOf(Buffer.from(bytes).toString("utf8"));
  return made.ok ? undefined : `input: ${made.problem}`;
}

/** A task that needs itself by way of others; what was there before needs nothing that comes now. */
export function circleProblem(
  specs: readonly TaskSpec[],
  ids: ReadonlySet<string>,
): { readonly task: string; readonly problem: string } | undefined {
  const open = new Map<string, number>();
  const followers = new Map<string, string[]>();
  for (const { id, needs } of specs) {
    const among = needs.filter(({ task }) => ids.has(task));
    open.set(id, among.length);
    for (const { task } of among) {
      const list = followers.get(task) ?? [];
      list.push(id);
      followers.set(task, list);
    }
  }
  const ready = [...open].filter(([, count]) => count === 0).map(([id]) => id);
  for (let id = ready.pop(); id !== undefined; id = ready.pop()) {
    open.delete(id);
    for (const follower of followers.get(id) ?? []) {
      const left = (open.get(follower) ?? 0) - 1;
      open.set(follower, left);
      if (left === 0) ready.push(follower);
    }
  }
  if (open.size === 0) return undefined;
  const circle = circleAmong(specs, open);
  const [task = ""] = circle;
  const shown = circle.length > shownMax ? [...circle.slice(0, shownMax), "…"] : circle;
  return {
    task,
    problem: `expected needs that come to an end, found a circle: ${[...shown, task].join(" → ")}`,
  };
}

/** Each of those that are open needs another one of them, so a walk from need to need comes back to where it has been. */
function circleAmong(specs: readonly TaskSpec[], open: ReadonlyMap<string, number>): readonly string[] {
  const needOf = new Map<string, string>();
  for (const { id, needs } of specs) {
    const next = needs.find(({ task }) => open.has(task));
    if (open.has(id) && next !== undefined) needOf.set(id, next.task);
  }
  const path = new Set<string>();
  let at = needOf.keys().next().value ?? "";
  for (; !path.has(at); at = needOf.get(at) ?? "") path.add(at);
  const way = [...path];
  return way.slice(way.indexOf(at));
}
