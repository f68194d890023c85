/** Events of parts and of their tasks. */
import {
  DecisionRecordedV1,
  OperationDoneV1,
  OperationQueuedV1,
  PartConfirmedV1,
  PartEndedV1,
  PartMadeV1,
  PartOverV1,
  QuestionsNotedV1,
  TasksMovedV1,
} from "@tutti/contracts/session/v1";
import type { SessionEvent } from "../state.ts";
import {
  confirmPart,
  createPart,
  endPart,
  moveTasks,
  overPart,
  partOf,
  queueOperation,
  shiftOperation,
} from "./parts.ts";

export const partMade: SessionEvent<PartMadeV1> = {
  type: "part_made",
  version: 1,
  codec: PartMadeV1,
  evolve(session, { part, makeMs }, outstanding) {
    if (part !== undefined) createPart(session, part, makeMs, outstanding);
  },
};

export const partConfirmed: SessionEvent<PartConfirmedV1> = {
  type: "part_confirmed",
  version: 1,
  codec: PartConfirmedV1,
  evolve(session, { part, confirmMs }, outstanding) {
    confirmPart(session, partOf(session, part), confirmMs, outstanding);
  },
};

export const questionsNoted: SessionEvent<QuestionsNotedV1> = {
  type: "questions_noted",
  version: 1,
  codec: QuestionsNotedV1,
  described: true,
  evolve(session, { part, open }) {
    partOf(session, part).openQuestions = open;
  },
};

export const decisionRecorded: SessionEvent<DecisionRecordedV1> = {
  type: "decision_recorded",
  version: 1,
  codec: DecisionRecordedV1,
  evolve(session, { part: number, reason }) {
    const part = partOf(session, number);
    part.decisions += 1;
    part.decision = reason;
  },
};

export const partOver: SessionEvent<PartOverV1> = {
  type: "part_over",
  version: 1,
  codec: PartOverV1,
  evolve(session, { part }, outstanding) {
    overPart(session, partOf(session, part), outstanding);
  },
};

export const partEnded: SessionEvent<PartEndedV1> = {
  type: "part_ended",
  version: 1,
  described: true,
  codec: PartEndedV1,
  evolve(session, { part: number, status, error, endMs, used }, outstanding) {
    const part = partOf(session, number);
    part.used = used;
    part.error = error;
    part.endMs = endMs;
    endPart(session, part, status, outstanding);
  },
};

export const operationQueued: SessionEvent<OperationQueuedV1> = {
  type: "operation_queued",
  version: 1,
  codec: OperationQueuedV1,
  evolve(session, { part, operation }, outstanding) {
    if (operation !== undefined) queueOperation(session, partOf(session, part), operation, outstanding);
  },
};

export const operationDone: SessionEvent<OperationDoneV1> = {
  type: "operation_done",
  version: 1,
  codec: OperationDoneV1,
  evolve(session, { part, error }, outstanding) {
    shiftOperation(session, partOf(session, part), error !== undefined, outstanding);
  },
};

export const tasksMoved: SessionEvent<TasksMovedV1> = {
  type: "tasks_moved",
  version: 1,
  codec: TasksMovedV1,
  evolve(session, { tasks, toPart, reason, moveMs }) {
    moveTasks(session, tasks, partOf(session, toPart), { reason, ms: moveMs });
  },
};
