/** The published events of definitions, schedules, triggers and limits. */
import {
  ActivationResult,
  type EventsDiedV1,
  type FiringSkippedV1,
  type FiringStartedV1,
  type LabelPointedV1,
  type LimitSetV1,
  type ScheduleCreatedV1,
  type ScheduleResumedV1,
  type ScheduleUpdatedV1,
  type StartsSettledV1,
  type TimesMissedV1,
  type TriggerCreatedV1,
  type TriggerStart,
  type VersionArchivedV1,
  type VersionRegisteredV1,
} from "@tutti/contracts/workflow/v1";
import type { NoteOf } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Happening } from "@tutti/runtime";
import { eventNote } from "./note.ts";

interface Labelled {
  readonly labels: ReadonlyMap<string, string>;
}

export const definitionNotes: Readonly<Record<string, NoteOf<Labelled, never>>> = {
  version_registered: (_definition, { version }: VersionRegisteredV1, happening) =>
    eventNote(happening, "tutti.workflow.definition.registered", {
      definition: happening.key.id,
      hash: version?.hash ?? "",
      labels: [],
    }),
  label_pointed: ({ labels }, { label, hash }: LabelPointedV1, happening) =>
    eventNote(happening, "tutti.workflow.definition.labelled", {
      definition: happening.key.id,
      label,
      hash,
      previousHash: labels.get(label) ?? "",
    }),
  version_archived: (_definition, { hash, archived }: VersionArchivedV1, happening) =>
    archived
      ? eventNote(happening, "tutti.workflow.definition.archived", { definition: happening.key.id, hash })
      : undefined,
};

export const scheduleNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  schedule_created: (_schedule, { plan, next }: ScheduleCreatedV1, happening) => {
    const created = { starts: plan?.definition ?? "", nextTime: momentOf(next?.nominalMs) };
    return eventNote(happening, "tutti.workflow.schedule.created", created);
  },
  schedule_updated: (_schedule, { next }: ScheduleUpdatedV1, happening) =>
    eventNote(happening, "tutti.workflow.schedule.changed", { nextTime: momentOf(next?.nominalMs) }),
  schedule_paused: (_schedule, _body, happening) =>
    eventNote(happening, "tutti.workflow.schedule.paused", {}),
  schedule_resumed: (_schedule, { next }: ScheduleResumedV1, happening) =>
    eventNote(happening, "tutti.workflow.schedule.resumed", { nextTime: momentOf(next?.nominalMs) }),
  schedule_removed: (_schedule, _body, happening) =>
    eventNote(happening, "tutti.workflow.schedule.deleted", {}),
  firing_started: (_schedule, { nominalMs, runId: id }: FiringStartedV1, happening) => {
    const run = { namespace: happening.key.namespace, kind: "run", id, task: "" };
    return eventNote(happening, "tutti.workflow.schedule.fired", { dueTime: toTimestamp(nominalMs), run });
  },
  firing_skipped: (_schedule, { nominalMs }: FiringSkippedV1, happening) =>
    eventNote(happening, "tutti.workflow.schedule.skipped", {
      dueTime: toTimestamp(nominalMs),
      reason: "it may not start now",
    }),
  times_missed: (_schedule, { lastMs }: TimesMissedV1, happening) =>
    eventNote(happening, "tutti.workflow.schedule.skipped", {
      dueTime: toTimestamp(lastMs),
      reason: "the time was missed",
    }),
};

interface Starting {
  readonly starting: ReadonlyMap<number, { readonly starts: readonly TriggerStart[] }>;
}

const failedType = "tutti.workflow.trigger.failed";

export const triggerNotes: Readonly<Record<string, NoteOf<Starting, never>>> = {
  trigger_created: (_trigger, { plan }: TriggerCreatedV1, happening) =>
    eventNote(happening, "tutti.workflow.trigger.created", { starts: plan?.definition ?? "" }),
  trigger_updated: (_trigger, _body, happening) => eventNote(happening, "tutti.workflow.trigger.changed", {}),
  trigger_paused: (_trigger, _body, happening) => eventNote(happening, "tutti.workflow.trigger.paused", {}),
  trigger_resumed: (_trigger, _body, happening) => eventNote(happening, "tutti.workflow.trigger.resumed", {}),
  trigger_removed: (_trigger, _body, happening) => eventNote(happening, "tutti.workflow.trigger.deleted", {}),
  events_died: (_trigger, { items }: EventsDiedV1, happening) =>
    failed(
      happening,
      items.filter(({ eventType }) => eventType !== failedType),
    ),
  starts_settled: ({ starting }, { batch, results }: StartsSettledV1, happening) => {
    const { starts = [] } = starting.get(batch) ?? {};
    return failed(
      happening,
      results.filter(
        ({ result }, at) =>
          result === ActivationResult.ACTIVATION_RESULT_DEAD &&
          starts[at]?.items.some(({ eventType }) => eventType !== failedType) !== false,
      ),
    );
  },
};

/** A trigger that fails by the report of a failure is not reported: triggers of this type would never end. */
function failed(happening: Happening, errors: readonly { readonly message: string }[]) {
  const [first] = errors;
  if (first === undefined) return undefined;
  const body = { events: errors.length, message: first.message };
  return eventNote(happening, failedType, body);
}

export const limitNotes: Readonly<Record<string, NoteOf<unknown, never>>> = {
  limit_set: (_limit, { rule }: LimitSetV1, happening) => {
    const { count = 0, perMs = 1_000 } = rule?.rate ?? {};
    const ratePerSec = perMs > 0 ? (count * 1_000) / perMs : 0;
    const maxConcurrent = rule?.maxConcurrent ?? 0;
    return eventNote(happening, "tutti.workflow.limit.changed", {
      key: happening.key.id,
      maxConcurrent,
      ratePerSec,
    });
  },
  limit_unset: (_limit, _body, happening) =>
    eventNote(happening, "tutti.workflow.limit.changed", {
      key: happening.key.id,
      maxConcurrent: 0,
      ratePerSec: 0,
    }),
};

function momentOf(ms: number | undefined) {
  return ms === undefined || ms <= 0 ? undefined : toTimestamp(ms);
}
