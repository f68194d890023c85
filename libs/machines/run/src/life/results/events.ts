/** Receives an event for a task that waits for its type. */
import { TaskStatus } from "@tutti/contracts/types/v1";
import { EventTaken, TakeEvent } from "@tutti/contracts/workflow/v1";
import { StepBudget, valueBytesMax } from "@tutti/machine-work";
import { idOf, placeOf } from "../../core/node/task-kind.ts";
import { nodeOfEffect } from "../../core/state/numbers.ts";
import type { RunCommand } from "../../core/state/state.ts";
import { matchesCondition } from "../../kinds/signal/delivery.ts";
import { signalReceived, signalTaken } from "../../kinds/signal/events.ts";
import { isReceived } from "../../kinds/signal/received-events.ts";
import { awaitedEvent, nameOfEvent } from "../../kinds/wait/awaited-event.ts";
import { advance } from "../advance/advance.ts";

/**
 * Result: an event that does not match, or was received before, changes nothing, and the task waits for the
 * next one.
 */
export const takeEvent: RunCommand<TakeEvent, EventTaken> = {
  type: "take_event",
  codec: TakeEvent,
  reply: EventTaken,
  decide(run, { event, digest, timeMs }, step) {
    const number = nodeOfEffect(step.settles?.number ?? 0);
    const node = run.nodes[number];
    const isWaiting = node?.status === TaskStatus.TASK_STATUS_WAITING;
    if (step.settles === undefined || !isWaiting || isReceived(run, { digest, timeMs })) return ignored;
    if (event.length > valueBytesMax) return ignored;
    const place = placeOf(run, number, step, new StepBudget());
    const awaited = awaitedEvent(place.range.plan.work(place.task));
    if (awaited === undefined) return ignored;
    const signal = {
      number: (run.more?.lastSignal ?? 0) + 1,
      signal: nameOfEvent(awaited.type),
      payload: { body: { $case: "inline" as const, value: event }, mediaType: "" },
      receiveMs: step.nowMs,
      event: { digest, timeMs, taskId: idOf(place) },
    };
    if (!matchesCondition(place, signal, awaited.condition)) return ignored;
    step.emit(signalReceived, { signal });
    step.emit(signalTaken, { node: number, number: signal.number, takeMs: step.nowMs });
    advance(run, step);
    return { taken: true };
  },
};

const ignored: EventTaken = { taken: false };
