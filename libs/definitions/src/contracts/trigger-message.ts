import { RunSpec, Singleton, Trigger, type TriggerSource, WebhookPreset } from "@tutti/contracts/workflow/v1";
import { jsonPayload } from "@tutti/kernel";
import { durationMs, splitAt } from "../build/values.ts";
import type { WorkflowDocument } from "../language/document.ts";
import type { OnDocument, SingletonPolicyName, WebhookWord } from "../language/on-document.ts";
import type { TriggerDocument } from "../language/trigger-shape.ts";
import { versionOf } from "./schedule-message.ts";

const singletons: Readonly<Record<SingletonPolicyName, Singleton>> = {
  skip: Singleton.SINGLETON_SKIP,
  queue: Singleton.SINGLETON_QUEUE,
};

const presets: Readonly<Record<WebhookWord, WebhookPreset>> = {
  standard: WebhookPreset.WEBHOOK_PRESET_UNSPECIFIED,
  github: WebhookPreset.WEBHOOK_PRESET_GITHUB,
  stripe: WebhookPreset.WEBHOOK_PRESET_STRIPE,
  shopify: WebhookPreset.WEBHOOK_PRESET_SHOPIFY,
  slack: WebhookPreset.WEBHOOK_PRESET_SLACK,
};

/** Returns a checked trigger as a message of the contracts. */
export function triggerOf(document: TriggerDocument): Trigger {
  const { trigger, workflow, parameters, paused = false } = document;
  const [name, version] = splitAt(workflow);
  return {
    ...onOf(
      document,
      RunSpec.fromPartial({
        what: { $case: "definition", value: { name, version: versionOf(version) } },
        parameters: parameters === undefined ? undefined : jsonPayload(parameters),
      }),
    ),
    triggerId: trigger,
    paused,
  };
}

/** Returns the entries of the key `on` of a definition, one or several. */
export function triggersOn(on: WorkflowDocument["on"]): readonly OnDocument[] {
  if (on === undefined) return [];
  return Array.isArray(on) ? (on as readonly OnDocument[]) : [on as OnDocument];
}

/** Returns the triggers that the key `on` of a definition describes. */
export function triggersOf({ workflow: name, on }: Pick<WorkflowDocument, "workflow" | "on">): Trigger[] {
  return triggersOn(on).map((document, place) => {
    const run = RunSpec.fromPartial({ what: { $case: "definition", value: { name } } });
    return { ...onOf(document, run), triggerId: onTriggerId(name, place), owner: name };
  });
}

/** Returns the id of the trigger at this place of the key `on` of a definition. */
function onTriggerId(name: string, place: number): string {
  const id = `${name.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, 110)}.on`;
  return place === 0 ? id : `${id}-${place + 1}`;
}

/** Returns a trigger without its id. `run` is the run that it starts. */
function onOf(document: OnDocument, run: RunSpec): Trigger {
  const {
    description = "",
    key = "",
    group = "",
    signal = "",
    debounce,
    batch,
    throttle,
    singleton,
  } = document;
  const { pool = "", priority = 0, timeout, retention } = document;
  return Trigger.fromPartial({
    description,
    condition: document.if ?? "",
    key,
    runId: document.run ?? "",
    source: sourceOf(document),
    windowMs: durationMs(document.window),
    run: { ...run, pool, priority, timeoutMs: durationMs(timeout), retentionMs: durationMs(retention) },
    with: document.with === undefined ? undefined : jsonPayload(document.with),
    policy: {
      group,
      signal,
      debounceMs: durationMs(debounce?.for),
      debounceMaxMs: durationMs(debounce?.max),
      batchSize: batch?.size ?? 0,
      batchWaitMs: durationMs(batch?.wait),
      throttleCount: throttle?.count ?? 0,
      throttlePerMs: durationMs(throttle?.per),
      singleton: singleton === undefined ? Singleton.SINGLETON_UNSPECIFIED : singletons[singleton],
    },
    labels: { ...document.labels },
  });
}

function sourceOf({ event = "", source = "", afterRun, webhook }: OnDocument): TriggerSource {
  if (webhook !== undefined) {
    const { preset = "standard", secrets } = webhook;
    return { kind: { $case: "webhook", value: { preset: presets[preset], secrets: [...secrets] } } };
  }
  if (afterRun === undefined) return { kind: { $case: "event", value: { type: event, source } } };
  const { workflow: definition, ends = [] } = afterRun;
  return { kind: { $case: "runEnd", value: { definition, ends: [...ends] } } };
}
