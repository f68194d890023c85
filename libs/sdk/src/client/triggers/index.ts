export type { EventOptions, PostedEvent } from "./event.ts";
export type {
  RunEndWord,
  SingletonWord,
  TriggerChanges,
  TriggeredRun,
  TriggerOptions,
  WebhookPresetWord,
} from "./options.ts";
export type {
  DeadLetter,
  DeadLetterChoice,
  EventsReplayed,
  ReplayEventsOptions,
  TriggerHandle,
  TriggerTest,
} from "./trigger.ts";
export { type EventsPosted, type FindTriggersOptions, Triggers } from "./triggers.ts";
