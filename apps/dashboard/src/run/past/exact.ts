/** A moment as the platform itself knows it. */
import type { Run, Task } from "@tutti/rest/types";
import { numberOfState, type RunState } from "../model/task-state.ts";
import type { Moment } from "./past-states.ts";

export interface PastPage {
  readonly run: Pick<Run, "status">;
  readonly tasks: readonly Pick<Task, "taskId" | "status">[];
  readonly nextToken?: string;
}

/** Larger runs are shown as they were folded here: asking for all of their tasks takes longer than it is worth. */
export const exactTasksMax = 3_000;

/** Reads page after page. Undefined when there are too many. */
export async function exactMoment(
  places: ReadonlyMap<string, number>,
  readPage: (token: string) => Promise<PastPage>,
): Promise<Moment | undefined> {
  if (places.size > exactTasksMax) return undefined;
  const states = new Uint8Array(places.size);
  let token = "";
  let run: RunState = "pending";
  do {
    const page = await readPage(token);
    run = page.run.status as RunState;
    for (const { taskId, status } of page.tasks) {
      const place = places.get(taskId);
      if (place !== undefined) states[place] = numberOfState(status);
    }
    token = page.nextToken ?? "";
  } while (token !== "");
  return { states, run };
}
