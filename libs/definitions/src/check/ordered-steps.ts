/**
 * `steps` are tasks in order: each one needs the previous one. They are converted to `tasks` with `needs`
 * first, so that a plan, a hash and a graph only contain tasks.
 */
import type { Json } from "@tutti/expressions";
import type { DefinitionProblem, Findings, Places } from "../problem.ts";
import { isMembers } from "./shape-checker.ts";

/** Returns the document with tasks instead of its steps. Undefined if it has none. */
export function withTasksOfSteps(document: Json, findings: Findings): Json | undefined {
  if (!isMembers(document)) return undefined;
  const { steps, ...rest } = document;
  // The shape of `steps` reports a value that is not a mapping.
  if (!isMembers(steps)) return undefined;
  // The shape reports these keys together.
  if (Object.hasOwn(rest, "tasks") || Object.hasOwn(rest, "states")) return undefined;
  const tasks: Record<string, Json> = {};
  let before: string | undefined;
  for (const [id, step] of Object.entries(steps)) {
    // A mapping orders numeric keys first, regardless of their order in the text.
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

/** Maps the places of tasks to those of steps. */
export function placesOfSteps(places: Places): Places {
  return {
    placeOf: (path, options) =>
      places.placeOf(path[0] === "tasks" ? ["steps", ...path.slice(1)] : path, options),
  };
}

/** Returns a problem with the path in the text. */
export function problemOfSteps(problem: DefinitionProblem): DefinitionProblem {
  return { ...problem, path: problem.path.replace(/^tasks\b/, "steps") };
}
