/** The tasks of a session as the picture of a graph takes them. */
import type { SessionTask } from "@tutti/rest/types";
import type { GraphNode } from "../../run/graph/shape.ts";
import type { GraphTask, Tasks } from "../../run/graph/tasks.ts";
import type { NeedCondition } from "../../run/model/facts.ts";
import { needPlaces } from "../../run/model/needs.ts";
import { doneBy } from "./session.ts";

export function graphTasks(tasks: readonly SessionTask[]): Tasks {
  const known = tasks.map((task): GraphTask => {
    const { id = "", title = "", needs = [] } = task.spec ?? {};
    return {
      id,
      title,
      kind: "uses",
      uses: doneBy(task),
      parentId: "",
      needs: needs.map(({ task: need = "", condition }) => ({
        task: need,
        condition:
          condition === undefined || condition === "unspecified" ? "success" : (condition as NeedCondition),
      })),
    };
  });
  const placeOf = new Map(known.map(({ id }, place) => [id, place]));
  return { tasks: known, placeOf, needs: needPlaces(known, placeOf) };
}

/** Facts that change the layout of the graph, and not only its colours. */
export function shapeKey(tasks: readonly SessionTask[]): string {
  return tasks
    .map(({ spec }) => `${spec?.id} ${(spec?.needs ?? []).map(({ task }) => task).join(",")}`)
    .join("\n");
}

/** Returns the parts of a session that a node belongs to, those with most tasks first. */
export function partsOfNode({ places }: GraphNode, tasks: readonly SessionTask[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const place of places) {
    const { partId = "" } = tasks[place] ?? {};
    counts.set(partId, (counts.get(partId) ?? 0) + 1);
  }
  return [...counts].sort(([, one], [, other]) => other - one).map(([partId]) => partId);
}
