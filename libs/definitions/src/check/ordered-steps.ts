/**
 * `steps` are tasks in order: each one needs the one before it. They are written as `tasks` with `needs` before
 * anything else looks at them, so that a plan, a hash and a graph know tasks alone.
 */
import type { Json } from "@tutti/expressions";
import type { DefinitionProblem, Findings, Places } from "../problem.ts";
import { isMembers } from "./shape-checker.ts";

/** Returns the document with tasks in the place of its steps. Undefined if it has none. */
export function withTasksOfSteps(document: Json, findings: Findings): Json | undefined {
  if (!isMembers(document)) return undefined;
  const { steps, ...rest } = document;
  // What is no mapping is named by the shape of `steps`.
  if (!isMembers(steps)) return undefined;
  // Which of them are there together is named by the shape.
  if (Object.hasOwn(rest, "tasks") || Object.hasOwn(rest, "states")) return undefined;
  const tasks: Record<string, Json> = {};
  let before: string | undefined;
  for (const [id, step] of Object.entries(steps)) {
    // A mapping has such keys first, at any place of the text.
    if (/^\d+$/.test(id))
      findings.error(
        "wrong_form",
        ["tasks", id],
        "expected an id with a letter, so that steps have an order",
        { key: true },
      );
    tasks[id] =
      before === undefined || !isMembers(step) ? step : { ...step, needs: needsWith(before, step["needs"]) };
    before = id;
  }
  return { ...rest, tasks };
}

/** Own needs come first: their places in the text stay. */
function needsWith(before: string, own: Json | undefined): Json {
  if (own === undefined || own === null) return [before];
  const needs = Array.isArray(own) ? own : [own];
  const isNamed = needs.some((need) => need === before || (isMembers(need) && need["task"] === before));
  return isNamed ? needs : [...needs, before];
}

/** Tasks lie where the text has steps. */
export function placesOfSteps(places: Places): Places {
  return {
    placeOf: (path, options) =>
      places.placeOf(path[0] === "tasks" ? ["steps", ...path.slice(1)] : path, options),
  };
}

/** Returns a problem under the name that the text has. */
export function problemOfSteps(problem: DefinitionProblem): DefinitionProblem {
  return { ...problem, path: problem.path.replace(/^tasks\b/, "steps") };
}
