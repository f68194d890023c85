export type { EventOptions, PostedEvent } from "./event.ts";
export type {
  RunOutcomeName,
  SingletonPolicyName,
  TriggerChanges,
  TriggeredRun,
  TriggerOptions,
  WebhookPresetName,
} from "./options.ts";
export type {
  DeadLetter,
  DeadLetterSelection,
  EventsReplayed,
  ReplayEventsOptions,
  TriggerHandle,
  TriggerTest,
} from "./trigger.ts";
export { type EventsPosted, type FindTriggersOptions, Triggers } from "./triggers.ts";
