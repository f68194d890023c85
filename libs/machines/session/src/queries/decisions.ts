/** Explains how a session is executed: choices, moves, and the plan compared with reality. */

import type { Choice, PlanView, TaskMove } from "@tutti/contracts/session/v1";
import type { Query } from "@tutti/kernel";
import { momentOf } from "@tutti/machine-work";
import { sessionErrors } from "../errors.ts";
import { partId } from "../numbers.ts";
import type { Move, Session, SessionView, TaskView } from "../state.ts";

export const showChoices: Query<Session, undefined, readonly Choice[]> = {
  type: "session_choices",
  answer: ({ choices }) => choices as readonly Choice[],
};

export const showMoves: Query<Session, { readonly after: number }, readonly TaskMove[]> = {
  type: "session_moves",
  answer: (session, { after }) => session.moves.slice(after).map((move) => moveMessage(session, move)),
};

function moveMessage(session: SessionView, { task, fromPart, toPart, moveMs, reason }: Move): TaskMove {
  return {
    taskId: session.tasks[task]?.spec.id ?? "",
    fromPartId: partId(fromPart),
    toPartId: partId(toPart),
    moveTime: momentOf(moveMs),
    reason,
  };
}

/** Returns the latest plan, with its outcomes. Without a number if there is none. */
export const showPlan: Query<Session, undefined, PlanView> = {
  type: "session_plan",
  answer(session, _, { key }) {
    if (session.order === undefined) return sessionErrors.missing.refusal({ id: key.id });
    const critical = criticalIn(session);
    const tasks = session.tasks
      .filter(({ plannedStartMs, startMs }) => plannedStartMs > 0 || startMs > 0)
      .sort((one, other) => (one.plannedStartMs || one.startMs) - (other.plannedStartMs || other.startMs));
    return {
      number: session.plans,
      planTime: momentOf(session.planMs),
      reason: session.plan?.reason ?? "",
      expectedEndTime: momentOf(session.plan?.expectedEndMs ?? 0),
      lowerBoundMs: session.plan?.lowerBoundMs ?? 0,
      tasks: tasks.map((task) => ({
        taskId: task.spec.id,
        partId: task.part < 0 ? "" : partId(task.part),
        plannedAgentId: task.plannedAgent,
        plannedStartTime: momentOf(task.plannedStartMs),
        plannedEndTime: momentOf(task.plannedEndMs),
        agentId: task.agent,
        startTime: momentOf(task.startMs),
        endTime: momentOf(task.endMs),
        critical: critical.has(task.number),
      })),
      moves: session.moves.map((move) => moveMessage(session, move)),
    };
  },
};

/**
 * Returns the path from the task that ends last back through the needs that ended last, as far as ends are
 * known or planned.
 */
function criticalIn(session: SessionView): ReadonlySet<number> {
  const endOf = ({ endMs, plannedEndMs }: TaskView) => endMs || plannedEndMs;
  const path = new Set<number>();
  let last: TaskView | undefined;
  for (const task of session.tasks)
    if (endOf(task) > 0 && (last === undefined || endOf(task) > endOf(last))) last = task;
  while (last !== undefined && !path.has(last.number)) {
    path.add(last.number);
    let before: TaskView | undefined;
    for (const { task: id } of last.spec.needs) {
      const needed = session.tasks[session.byId.get(id) ?? -1];
      if (
        needed !== undefined &&
        endOf(needed) > 0 &&
        (before === undefined || endOf(needed) > endOf(before))
      )
        before = needed;
    }
    last = before;
  }
  return path;
}
