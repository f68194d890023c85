/**
 * The trigger machine: the table of its commands, events and queries. It starts runs from events, each once:
 *
 * 1. The sender has evaluated an event: whether it concerns the trigger, its key, its group. The machine decides the
 *    consequences.
 * 2. A run's id follows from the trigger and the key, so starting is idempotent in every process.
 * 3. Every received event has one outcome: a run, a signal, a place in a queue, a dead letter, or a count of duplicates
 *    or events without effect.
 */
import type { Machine } from "@tutti/kernel";
import { deadLettersRemoved, eventsDied, removeDeadLetters } from "./dead/letters.ts";
import { eventsCollected, expire } from "./event/collect.ts";
import { eventsReceived, receive } from "./event/receive.ts";
import { create, pause, remove, resume, update } from "./life/commands.ts";
import { describeTrigger, projectTrigger } from "./life/description.ts";
import {
  triggerCreated,
  triggerPaused,
  triggerRemoved,
  triggerResumed,
  triggerUpdated,
} from "./life/events.ts";
import { deadLetters, facts, isStarting } from "./life/queries.ts";
import { triggerSnapshots } from "./snapshots.ts";
import { reportRunEnd, settleStarts } from "./start/commands.ts";
import {
  eventsSkipped,
  startsQueued,
  startsRequested,
  startsSettled,
  triggeredRunEnded,
} from "./start/events.ts";
import { recover } from "./start/outstanding.ts";
import { newTrigger, type Trigger, type TriggerEffect } from "./state.ts";

export const trigger: Machine<Trigger, TriggerEffect> = {
  kind: "trigger",
  behaviour: 1,
  isEndless: true,
  create: newTrigger,
  commands: [create, update, pause, resume, remove, receive, settleStarts, reportRunEnd, removeDeadLetters],
  events: [
    triggerCreated,
    triggerUpdated,
    triggerPaused,
    triggerResumed,
    triggerRemoved,
    eventsReceived,
    eventsCollected,
    startsQueued,
    startsRequested,
    startsSettled,
    eventsSkipped,
    eventsDied,
    deadLettersRemoved,
    triggeredRunEnded,
  ],
  queries: [facts, deadLetters, isStarting],
  expire: (state, _, step) => expire(state, step),
  snapshots: triggerSnapshots,
  recover,
  describe: describeTrigger,
  project: projectTrigger,
};
