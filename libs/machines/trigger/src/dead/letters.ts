import {
  DeadLettersRemoved,
  DeadLettersRemovedV1,
  EventsDiedV1,
  RemoveDeadLetters,
} from "@tutti/contracts/workflow/v1";
import { recentMax } from "../limits.ts";
import { notThere } from "../refusals.ts";
import { rememberItem } from "../start/events.ts";
import type { TriggerCommand, TriggerMachineEvent } from "../state.ts";
import { bury, deadResult, exhume } from "./bury.ts";

export const eventsDied: TriggerMachineEvent<EventsDiedV1> = {
  type: "events_died",
  version: 1,
  codec: EventsDiedV1,
  evolve(trigger, { items, dieMs }) {
    bury(trigger, items, dieMs);
    for (const item of items.slice(-recentMax))
      rememberItem(trigger, item, { timeMs: dieMs, result: deadResult });
  },
};

export const deadLettersRemoved: TriggerMachineEvent<DeadLettersRemovedV1> = {
  type: "dead_letters_removed",
  version: 1,
  codec: DeadLettersRemovedV1,
  evolve(trigger, { numbers }) {
    for (const number of numbers) exhume(trigger, number);
  },
};

export const removeDeadLetters: TriggerCommand<RemoveDeadLetters, DeadLettersRemoved> = {
  type: "remove_dead_letters",
  codec: RemoveDeadLetters,
  reply: DeadLettersRemoved,
  decide(trigger, { numbers }, step) {
    const refusal = notThere(trigger, step.key.id);
    if (refusal !== undefined) return refusal;
    const requested = numbers.length === 0 ? [...trigger.dead.keys()] : [...new Set(numbers)];
    const found = requested.filter((number) => trigger.dead.has(number));
    if (found.length > 0) step.emit(deadLettersRemoved, { numbers: found });
    return { count: found.length };
  },
};
