/** Tasks that are added to a run while it continues, and withdrawn from it. */

import { TaskStatus } from "@tutti/contracts/types/v1";
import { TasksAddedV1, TasksWithdrawnV1 } from "@tutti/contracts/workflow/v1";
import { blobsOf, isDone } from "@tutti/machine-work";
import { notifyFollower, outcomeOfNode } from "../../core/node/flow.ts";
import {
  addRange,
  nodeOf,
  removeFromAgenda,
  setStatus,
  startVisit,
  updateAttention,
} from "../../core/node/nodes.ts";
import { readPlan } from "../../core/plan/plan-of.ts";
import { journalOf, recordAdded } from "../../core/state/function-journal.ts";
import { startKind } from "../../core/state/kind-state.ts";
import { rangeOf, statusOfNode } from "../../core/state/places.ts";
import { addFollowers, detailOf, moreOf, type RunEvent } from "../../core/state/state.ts";
import { followersOf } from "./followers.ts";

export const tasksAdded: RunEvent<TasksAddedV1> = {
  type: "tasks_added",
  version: 1,
  codec: TasksAddedV1,
  blobs: ({ plan }) => blobsOf(undefined, plan),
  evolve(run, { plan: bytes, node: owner = -1, outside, addMs, at }, outstanding) {
    const more = moreOf(run);
    const plan = readPlan(bytes);
    more.additions.push({ plan, bytes, outside });
    const node = owner < 0 ? undefined : startVisit(run, owner, addMs, outstanding);
    const isFunction = node !== undefined && node.range.plan.task(node.task).kind === "function";
    const state = node && startKind(detailOf(node), isFunction ? "function" : "spawn");
    if (node !== undefined && state?.parts === 0) {
      state.parts = run.ranges.length;
      if (!isFunction) setStatus(run, node, TaskStatus.TASK_STATUS_WAITING);
    }
    const range = addRange(run, { owner, plan, planPlace: more.additions.length, scope: 0 });
    if (isFunction) recordAdded(run, journalOf(node), range, { at, addMs });
    for (const [number, followers] of followersOf(range, outside)) {
      addFollowers(more, number, followers);
      // A node that has ended already notifies them immediately.
      const status = statusOfNode(run, number);
      if (!isDone(status)) continue;
      const done = run.nodes[number];
      const end = done === undefined ? "skipped" : outcomeOfNode(done, status);
      for (const follower of followers) notifyFollower(run, follower, end);
    }
    if (node !== undefined) updateAttention(run, node);
  },
};

/** The tasks are executed elsewhere: the ends of their needs no longer count for them. */
export const tasksWithdrawn: RunEvent<TasksWithdrawnV1> = {
  type: "tasks_withdrawn",
  version: 1,
  codec: TasksWithdrawnV1,
  evolve(run, { nodes }) {
    for (const number of nodes) {
      const node = nodeOf(run, number);
      detailOf(node).isWithdrawn = true;
      const range = rangeOf(run, number);
      range.open[number - range.first] = -1;
      removeFromAgenda(run, number);
    }
  },
};
