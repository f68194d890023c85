/** Converts triggers between the contract and their machine. */
import type { Payload } from "@tutti/contracts/types/v1";
import {
  type Activation,
  type DeadLetter,
  type KeptDeadLetter,
  type PastActivation,
  RunSpec,
  type Trigger,
  type TriggerPlan,
  TriggerPolicy,
} from "@tutti/contracts/workflow/v1";
import { jsonOf } from "@tutti/definitions";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import type { TriggerFacts } from "@tutti/machine-trigger";
import { cloudEventMessage, eventJsonOf } from "../../triggers/events.ts";

export function planOf(trigger: Trigger): TriggerPlan {
  const { description, source, condition, key, windowMs, run, runId, policy, labels, owner } = trigger;
  const inputTemplate = trigger.with === undefined ? null : jsonOf(trigger.with, "trigger.with");
  return {
    description,
    source,
    condition,
    key,
    windowMs,
    runId,
    labels,
    owner,
    run: RunSpec.encode(run ?? RunSpec.create()).finish(),
    definition: run?.what?.$case === "definition" ? run.what.value.name : "",
    // Null removes the mapping.
    with: inputTemplate === null ? new Uint8Array() : Buffer.from(JSON.stringify(inputTemplate), "utf8"),
    policy: policy ?? TriggerPolicy.create(),
  };
}

export function triggerOf(namespace: string, triggerId: string, facts: TriggerFacts): Trigger {
  const { paused, note, revision, createMs, updateMs, counts, deadCount, waitingCount, recent } = facts;
  // Only read.
  const plan = facts.plan as TriggerPlan;
  const { description, source, condition, key, windowMs, runId, policy, owner } = plan;
  return {
    namespace,
    triggerId,
    description,
    source,
    condition,
    key,
    windowMs,
    runId,
    policy,
    owner,
    run: RunSpec.decode(plan.run),
    with: plan.with.length === 0 ? undefined : inline(plan.with),
    paused,
    note,
    labels: { ...plan.labels },
    counts: { ...counts, dead: deadCount, waiting: waitingCount },
    recent: recent.map(activationOf),
    createTime: timeOf(createMs),
    updateTime: timeOf(updateMs),
    revision: String(revision),
  };
}

function activationOf(past: ReadOnly<PastActivation>): Activation {
  const { eventId, eventType, timeMs, runId, result, message, events } = past;
  return { eventId, eventType, time: timeOf(timeMs), runId, result, message, events };
}

export function deadLetterOf({ number, item, dieMs }: ReadOnly<KeptDeadLetter>): DeadLetter {
  const event = item === undefined ? undefined : cloudEventMessage(eventJsonOf(item.event));
  return { number, event, time: timeOf(dieMs), code: item?.code ?? "", message: item?.message ?? "" };
}

const timeOf = (ms: number) => (ms === 0 ? undefined : toTimestamp(ms));

export function inline(value: Uint8Array): Payload {
  return { body: { $case: "inline", value }, mediaType: "" };
}

const mergeable = [
  "description",
  "source",
  "condition",
  "key",
  "windowMs",
  "run",
  "with",
  "runId",
  "policy",
] as const;

/** Returns the trigger with the named fields replaced. Without names, all fields that are set. */
export function merged(before: Trigger, changes: Trigger, fields: readonly string[]): Trigger {
  // REST uses the JSON names of fields, and rpcs those of the contract.
  const isNamed = (name: string) => fields.includes(name) || fields.includes(named(name));
  const isChanged = (name: string, isSet: boolean) => (fields.length === 0 ? isSet : isNamed(name));
  const after = { ...before };
  for (const name of mergeable) {
    const value = changes[name];
    const isSet = value !== undefined && value !== "" && value !== 0;
    if (isChanged(name, isSet)) Object.assign(after, { [name]: value });
  }
  if (isChanged("labels", Object.keys(changes.labels).length > 0)) after.labels = changes.labels;
  return after;
}

/** Returns the name of a field in an update. */
function named(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
