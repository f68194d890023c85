/** Converts the options of a trigger to the contract. */

import {
  EventSource,
  RunEndSource,
  Singleton,
  Trigger,
  TriggerPolicy,
  TriggerSource,
  WebhookPreset,
} from "@tutti/contracts/workflow/v1";
import { duration, flag, type OptionNames, oneOf, requireKnown, text, wholeNumber } from "../../options.ts";
import { payloadOf } from "../payloads.ts";
import { type SpecOptions, specNames, specOf } from "../spec.ts";
import { deprecatedValue } from "../work/deprecated.ts";
import { type Duration, durationIn, eitherDuration } from "../work/duration.ts";

const singletons = { skip: Singleton.SINGLETON_SKIP, queue: Singleton.SINGLETON_QUEUE } as const;

/** Action for an event while a run of the trigger has not ended. */
export type SingletonPolicyName = keyof typeof singletons;

/** The outcome of a run of the workflow. */
export type RunOutcomeName = "completed" | "failed" | "cancelled" | "terminated";

const outcomes: readonly RunOutcomeName[] = ["completed", "failed", "cancelled", "terminated"];

/** Start options of a trigger. `with` is the input of its runs. */
export type TriggeredRun = Omit<SpecOptions, "input">;

const presets = {
  standard: WebhookPreset.WEBHOOK_PRESET_UNSPECIFIED,
  github: WebhookPreset.WEBHOOK_PRESET_GITHUB,
  stripe: WebhookPreset.WEBHOOK_PRESET_STRIPE,
  shopify: WebhookPreset.WEBHOOK_PRESET_SHOPIFY,
  slack: WebhookPreset.WEBHOOK_PRESET_SLACK,
} as const;

/** The signature scheme of a webhook sender. */
export type WebhookPresetName = keyof typeof presets;

interface TriggerRules {
  /** Type of the event. `*` is one word, `>` at the end all that follow: `shop.order.*`. */
  readonly event?: string;
  /** The attribute `source` of the event. Default: any. */
  readonly source?: string;
  /** The end of runs of another workflow, instead of `event`. `ends`: default `["completed"]`. */
  readonly afterRun?: { readonly workflow: string; readonly ends?: readonly RunOutcomeName[] };
  /**
   * Webhooks of another system, sent to `/v1/webhooks/NAMESPACE/TRIGGER`, instead of `event`. `preset`: default
   * `standard`. `secrets`: names of secrets of the namespace.
   */
  readonly webhook?: { readonly preset?: WebhookPresetName; readonly secrets: readonly string[] };
  /** An expression over `event` that must be true: `event.data.total > 0`. Default: every event. */
  readonly if?: string;
  /** An expression. Events with the same key start one run. Default: `source` and `id` of the event. */
  readonly key?: string;
  /** How long a key counts as seen: `1h`, or milliseconds. Default: as long as its run is kept. */
  readonly window?: Duration;
  /** @deprecated use `window` */
  readonly windowMs?: number;
  /** Input of the run, whose texts may have expressions: `{ id: "${{ event.data.id }}" }`. Default: the data. */
  readonly with?: unknown;
  /** Id of the run, a text with expressions. Default: made of trigger and key. */
  readonly runId?: string;
  /** An expression. Debounce, batch and singleton count each value by itself. Default: all events together. */
  readonly group?: string;
  /** One run with the last event, when no other came for a time (`for`), and after `max` in any case. */
  readonly debounce?:
    | { readonly for: Duration; readonly max?: Duration }
    | {
        /** @deprecated use `for` */
        readonly forMs: number;
        readonly maxMs?: number;
      };
  /** One run for `size` events. Its input is `{ events: […] }`. `wait`: default 1 s. */
  readonly batch?: {
    readonly size: number;
    readonly wait?: Duration;
    /** @deprecated use `wait` */
    readonly waitMs?: number;
  };
  /** At most `count` runs start in the time `per`, default 1 s. Others wait. */
  readonly throttle?: {
    readonly count: number;
    readonly per?: Duration;
    /** @deprecated use `per` */
    readonly perMs?: number;
  };
  /** Action for an event while a run has not ended. Default: runs start in parallel. */
  readonly singleton?: SingletonPolicyName;
  /** The signal that the run of `runId` is sent if it exists. */
  readonly signal?: string;
  readonly description?: string;
}

export interface TriggerOptions extends TriggerRules, TriggeredRun {
  /** Whether it is created paused. Default false. */
  readonly paused?: boolean;
}

const ruleNames: OptionNames<TriggerRules> = {
  event: text,
  source: text,
  afterRun: { workflow: text, ends: [oneOf(outcomes)] },
  webhook: { preset: oneOf(presets), secrets: [text] },
  if: text,
  key: text,
  window: duration,
  windowMs: duration,
  with: true,
  runId: text,
  group: text,
  debounce: { for: duration, max: duration, forMs: duration, maxMs: duration },
  batch: { size: wholeNumber(0), wait: duration, waitMs: duration },
  throttle: { count: wholeNumber(0), per: duration, perMs: duration },
  singleton: oneOf(singletons),
  signal: text,
  description: text,
};

const optionNames: OptionNames<TriggerOptions> = { ...specNames, ...ruleNames, paused: flag };

/** Changes of a trigger. Absent fields stay as they are. */
export interface TriggerChanges extends TriggerRules {
  /** The new definition and input of its runs. */
  readonly run?: TriggeredRun & { readonly definition: string };
}

const changeNames: OptionNames<TriggerChanges> = { ...ruleNames, run: { ...specNames, definition: text } };

export function triggerMessage(triggerId: string, definition: string, options: TriggerOptions): Trigger {
  requireKnown("trigger", options, optionNames);
  const { paused = false } = options;
  return {
    ...changed(Trigger.fromPartial({ triggerId }), options),
    run: specOf(definition, options),
    paused,
  };
}

export function requireChanges(changes: TriggerChanges): void {
  requireKnown("trigger", changes, changeNames);
}

/** Returns the trigger with these changes, and the names of the fields that they concern. */
export function changesOf(before: Trigger, changes: TriggerChanges): { after: Trigger; fields: string[] } {
  const { run } = changes;
  const after = changed(before, changes);
  const fields = Object.entries(namesOf)
    .filter(([, names]) => names.some((name) => changes[name] !== undefined))
    .map(([field]) => field);
  if (run === undefined) return { after, fields };
  return { after: { ...after, run: specOf(run.definition, run) }, fields: [...fields, "run"] };
}

const namesOf: Readonly<Record<string, readonly (keyof TriggerRules)[]>> = {
  description: ["description"],
  source: ["event", "source", "afterRun", "webhook"],
  condition: ["if"],
  key: ["key"],
  window_ms: ["window", "windowMs"],
  with: ["with"],
  run_id: ["runId"],
  policy: ["group", "debounce", "batch", "throttle", "singleton", "signal"],
};

function changed(before: Trigger, rules: TriggerRules): Trigger {
  return {
    ...before,
    description: rules.description ?? before.description,
    source: sourceAfter(before.source, rules),
    condition: rules.if ?? before.condition,
    key: rules.key ?? before.key,
    windowMs: eitherDuration("window", rules.window, rules.windowMs) ?? before.windowMs,
    with: rules.with === undefined ? before.with : payloadOf(rules.with, "with"),
    runId: rules.runId ?? before.runId,
    policy: policyAfter(before.policy ?? TriggerPolicy.create(), rules),
  };
}

function sourceAfter(
  before: TriggerSource | undefined,
  { event, source, afterRun, webhook }: TriggerRules,
): TriggerSource | undefined {
  if (webhook !== undefined) {
    const { preset = "standard", secrets } = webhook;
    return { kind: { $case: "webhook", value: { preset: presets[preset], secrets: [...secrets] } } };
  }
  if (afterRun !== undefined) {
    const { workflow: definition, ends = [] } = afterRun;
    return TriggerSource.create({
      kind: { $case: "runEnd", value: RunEndSource.create({ definition, ends: [...ends] }) },
    });
  }
  if (event === undefined && source === undefined) return before;
  const known = before?.kind?.$case === "event" ? before.kind.value : EventSource.create();
  const value = { type: event ?? known.type, source: source ?? known.source };
  return { kind: { $case: "event", value } };
}

function policyAfter(before: TriggerPolicy, rules: TriggerRules): TriggerPolicy {
  const { debounce, batch, throttle, singleton } = rules;
  return {
    ...before,
    group: rules.group ?? before.group,
    signal: rules.signal ?? before.signal,
    ...(singleton !== undefined && { singleton: singletons[singleton] }),
    ...(debounce !== undefined && debounced(debounce)),
    ...(batch !== undefined && {
      batchSize: batch.size,
      batchWaitMs: eitherDuration("batch.wait", batch.wait, batch.waitMs) ?? 0,
    }),
    ...(throttle !== undefined && {
      throttleCount: throttle.count,
      throttlePerMs: eitherDuration("throttle.per", throttle.per, throttle.perMs) ?? 0,
    }),
  };
}

function debounced(debounce: NonNullable<TriggerRules["debounce"]>) {
  const { forMs, maxMs } =
    "for" in debounce
      ? { forMs: debounce.for, maxMs: debounce.max }
      : { forMs: deprecatedValue(debounce.forMs, "debounce.forMs", "debounce.for"), maxMs: debounce.maxMs };
  return {
    debounceMs: durationIn("debounce.for", forMs) ?? 0,
    debounceMaxMs: durationIn("debounce.max", maxMs) ?? 0,
  };
}
