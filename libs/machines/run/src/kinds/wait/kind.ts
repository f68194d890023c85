/** Waits: for a duration, until a time, for a signal, or for an event. */

import { type ErrorDetail, TaskStatus, WaitCause } from "@tutti/contracts/types/v1";
import { parseDurationMs } from "@tutti/definitions";
import { type Json, writeExactly } from "@tutti/expressions";
import { detailOfRefusal } from "@tutti/machine-work";
import { complete, failForGood } from "../../core/attempt/outcome.ts";
import { evaluate } from "../../core/evaluate/evaluate.ts";
import { idOf, type Place, sceneOf, type TaskKind } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { effectNumber, effectTags, nodeTimers, timerNumber } from "../../core/state/numbers.ts";
import { runErrors } from "../../errors.ts";
import { consumeBufferedSignal } from "../signal/delivery.ts";
import { awaitedEvent, awaitOf, nameOfEvent } from "./awaited-event.ts";
import { taskWaiting } from "./events.ts";

export const wait: TaskKind = {
  start,
  retry: start,

  expire(place, timer) {
    if (timer !== nodeTimers.wait) return;
    const signal = stateOfKind(place.run.nodes[place.number], "wait")?.signal ?? "";
    if (signal === "") {
      complete(place, undefined);
      return;
    }
    const task = idOf(place);
    const type = awaitedEvent(place.range.plan.work(place.task))?.type;
    const refusal =
      type === undefined
        ? runErrors.signalMissing.refusal({ task, signal })
        : runErrors.eventMissing.refusal({ task, type });
    failForGood(place, detailOfRefusal(refusal));
  },

  recover(run, node, outstanding) {
    const { status, number, more } = node;
    if (status !== TaskStatus.TASK_STATUS_WAITING || more === undefined) return;
    if (more.dueMs > 0) outstanding.timer(timerNumber(number, nodeTimers.wait), more.dueMs);
    const effect = awaitOf(run, node);
    if (effect !== undefined)
      outstanding.effect(effectNumber(number, effectTags.event), more.leaseAttempt, effect);
  },

  explain(run, node) {
    const { status } = node;
    if (status !== TaskStatus.TASK_STATUS_WAITING) return undefined;
    const event = awaitOf(run, node);
    if (event !== undefined)
      return {
        cause: WaitCause.WAIT_CAUSE_EVENT,
        message: `it waits for the event ${event.type}`,
        subject: event.type,
      };
    const signal = stateOfKind(node, "wait")?.signal ?? "";
    if (signal === "") return { cause: WaitCause.WAIT_CAUSE_TIMER, message: "it waits for its time" };
    return {
      cause: WaitCause.WAIT_CAUSE_SIGNAL,
      message: `it waits for the signal ${signal}`,
      subject: signal,
    };
  },
};

function start(place: Place): void {
  const { range, task } = place;
  const work = range.plan.work(task);
  switch (work.kind) {
    case "waitFor": {
      const durationMs = work.span < 0 ? work.ms : computed(place, work.span, "the span", durationMsOf);
      if (durationMs !== undefined) waitUntil(place, place.step.nowMs + durationMs);
      return;
    }
    case "waitUntil": {
      const moment = computed(place, work.moment, "the moment", momentMsOf);
      if (moment !== undefined) waitUntil(place, moment);
      return;
    }
    case "waitSignal": {
      const { signal, where, within, withinMs } = work;
      if (consumeBufferedSignal(place, signal, where)) return;
      const durationMs = within < 0 ? withinMs : computed(place, within, "`within`", durationMsOf);
      if (durationMs === undefined) return;
      const { step, number } = place;
      const dueMs = durationMs > 0 ? step.nowMs + durationMs : 0;
      step.emit(taskWaiting, { node: number, dueMs, signal, beginMs: step.nowMs });
      return;
    }
    case "waitEvent": {
      const { type, condition, within, withinMs } = work;
      // A signal that a reset returned is taken immediately.
      const signal = nameOfEvent(type);
      if (consumeBufferedSignal(place, signal, condition)) return;
      const durationMs = within < 0 ? withinMs : computed(place, within, "`within`", durationMsOf);
      if (durationMs === undefined) return;
      const { step, number } = place;
      const dueMs = durationMs > 0 ? step.nowMs + durationMs : 0;
      step.emit(taskWaiting, { node: number, dueMs, signal, beginMs: step.nowMs });
      return;
    }
  }
}

function waitUntil(place: Place, dueMs: number): void {
  const { step, number } = place;
  if (dueMs <= step.nowMs) complete(place, undefined);
  else step.emit(taskWaiting, { node: number, dueMs, signal: "", beginMs: step.nowMs });
}

/** Returns the computed time. Undefined if its evaluation has failed the task. */
function computed(
  place: Place,
  program: number,
  field: string,
  read: (value: Json) => number | undefined,
): number | undefined {
  const subject = `${field} of ${idOf(place)}`;
  const result = evaluate(sceneOf(place), program, subject);
  const fail = (error: ErrorDetail) => {
    failForGood(place, error);
    return undefined;
  };
  if (!result.ok) return fail(result.error);
  const ms = read(result.value);
  if (ms !== undefined) return ms;
  const found = writeExactly(result.value).slice(0, 100);
  return fail(detailOfRefusal(runErrors.timeExpected.refusal({ subject, found })));
}

/** Returns a duration. Undefined if the value is not one. */
function durationMsOf(value: Json): number | undefined {
  return typeof value === "string" ? parseDurationMs(value.trim()) : undefined;
}

/** The end of the year 9999. */
const momentMaxMs = 253_402_300_799_999;
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

/** Returns a time. Undefined if the value does not follow RFC 3339. */
function momentMsOf(value: Json): number | undefined {
  if (typeof value !== "string" || !rfc3339.test(value.trim())) return undefined;
  const ms = Date.parse(value.trim().toUpperCase());
  return Number.isNaN(ms) || ms < 0 || ms > momentMaxMs ? undefined : ms;
}
