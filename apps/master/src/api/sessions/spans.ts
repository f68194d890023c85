/**
 * The spans of a session, from its events: waiting before its start, planning and choosing. Its parts, from
 * their creation until their work has ended. Pauses.
 */
import * as events from "@tutti/contracts/session/v1";
import { SpanKind } from "@tutti/contracts/types/v1";
import { type Recorded, SpentTime, workNode } from "@tutti/host/serving";

const { SPAN_KIND_PART: part, SPAN_KIND_WAIT: wait } = SpanKind;

export class Spans extends SpentTime {
  #parts = 0;
  /** Parts whose work does not exist yet. */
  readonly #unconfirmed = new Set<number>();

  apply({ type, payload }: Recorded): void {
    switch (type) {
      case "session_accepted": {
        const { order, createMs } = events.SessionAcceptedV1.decode(payload);
        const { dependsOn = [], locks = [] } = order?.spec ?? {};
        this.startWork(createMs);
        if (dependsOn.length + locks.length > 0) this.start(workNode, wait, createMs, 0);
        return;
      }
      case "dependency_added": {
        const { addMs } = events.DependencyAddedV1.decode(payload);
        if (this.openAt(workNode) === undefined) this.start(workNode, wait, addMs, 0);
        return;
      }
      case "goal_asked":
        this.start(workNode, wait, events.GoalAskedV1.decode(payload).askMs, 0);
        return;
      case "goal_planned":
        this.end(workNode, events.GoalPlannedV1.decode(payload).planMs);
        return;
      case "choosing_begun":
        this.start(workNode, wait, events.ChoosingBegunV1.decode(payload).beginMs, 0);
        return;
      case "mode_chosen": {
        const { parts, chooseMs } = events.ModeChosenV1.decode(payload);
        this.end(workNode, chooseMs);
        for (const _ of parts) this.#startPart(chooseMs);
        return;
      }
      case "session_paused":
        this.start(workNode, wait, events.SessionPausedV1.decode(payload).pauseMs, 0);
        return;
      case "session_resumed":
        this.end(workNode, events.SessionResumedV1.decode(payload).resumeMs);
        return;
      case "session_retried":
        this.reopen();
        return;
      default:
        this.#addPartEvent(type, payload);
    }
  }

  #addPartEvent(type: string, payload: Uint8Array): void {
    switch (type) {
      case "part_made":
        this.#startPart(events.PartMadeV1.decode(payload).makeMs);
        return;
      case "part_confirmed":
        this.#unconfirmed.delete(events.PartConfirmedV1.decode(payload).part);
        return;
      case "part_ended": {
        const ended = events.PartEndedV1.decode(payload);
        this.#unconfirmed.delete(ended.part);
        this.end(ended.part, ended.endMs);
        return;
      }
      case "session_stopped": {
        const { stopMs } = events.SessionStoppedV1.decode(payload);
        for (const node of [workNode, ...this.#unconfirmed]) this.end(node, stopMs);
        return;
      }
      case "session_ended":
        this.endWork(events.SessionEndedV1.decode(payload).endMs);
        return;
    }
  }

  #startPart(startMs: number): void {
    const number = this.#parts++;
    this.#unconfirmed.add(number);
    this.start(number, part, startMs, 0);
  }
}
