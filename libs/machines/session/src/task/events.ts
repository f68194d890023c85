/** Events of tasks, in any part. */
import { PlanMadeV1, TasksJoinedV1, TasksNotedV1, TasksPlacedV1 } from "@tutti/contracts/session/v1";
import { blobsOf } from "@tutti/machine-work";
import type { SessionEvent } from "../state.ts";
import { addTasks, noteTask, taskOf } from "./nodes.ts";

export const tasksNoted: SessionEvent<TasksNotedV1> = {
  type: "tasks_noted",
  version: 1,
  described: true,
  codec: TasksNotedV1,
  blobs: ({ notes }) => notes.flatMap(({ outputPayload }) => blobsOf(outputPayload)),
  evolve(session, { notes }) {
    for (const note of notes) noteTask(session, note);
  },
};

export const tasksJoined: SessionEvent<TasksJoinedV1> = {
  type: "tasks_joined",
  version: 1,
  described: true,
  codec: TasksJoinedV1,
  blobs: ({ tasks }) => tasks.flatMap(({ input }) => blobsOf(input)),
  evolve(session, { tasks, joinMs }) {
    addTasks(session, tasks, session.beginMs > 0 ? joinMs : 0);
  },
};

/** The planned agents of tasks when they start. */
export const tasksPlaced: SessionEvent<TasksPlacedV1> = {
  type: "tasks_placed",
  version: 1,
  codec: TasksPlacedV1,
  evolve(session, { places }) {
    for (const place of places) {
      const task = taskOf(session, place.task);
      task.plannedAgent = place.agent;
      task.plannedStartMs = place.startMs;
      task.plannedEndMs = place.endMs;
    }
  },
};

export const planMade: SessionEvent<PlanMadeV1> = {
  type: "plan_made",
  version: 1,
  codec: PlanMadeV1,
  evolve(session, { plan, planMs }) {
    if (plan === undefined) return;
    session.plan = { ...plan, places: [] };
    session.plans += 1;
    session.planMs = planMs;
    for (const place of plan.places) {
      const task = taskOf(session, place.task);
      task.plannedAgent = place.agent;
      task.plannedStartMs = place.startMs;
      task.plannedEndMs = place.endMs;
    }
  },
};
