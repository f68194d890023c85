/** Describes triggers, and converts their forms and trials. */

import { parseExactly } from "@tutti/expressions";
import type {
  CloudEventInput,
  PublishEventsReply,
  Trigger,
  TriggerInput,
  TriggerPolicy,
  TriggerSource,
  WebhookPreset,
} from "@tutti/rest/types";
import { count, counted, span } from "../../elements/moments.ts";
import { commandLine } from "../../elements/spelled.ts";

export function sourceText(source: TriggerSource | undefined): string {
  const { event, runEnd, webhook } = source ?? {};
  if (webhook !== undefined) return `webhooks of ${webhook.preset ?? "standard"}`;
  if (event !== undefined) return [event.type, event.source].filter(Boolean).join(" of ");
  if (runEnd === undefined) return "";
  const ends = runEnd.ends.length === 0 ? "completed" : runEnd.ends.join(" or ");
  return `after ${runEnd.definition}: ${ends}`;
}

const runRetention = "as long as its run is kept";

/** Returns the rules of a trigger that are not the defaults, each with its name. Expressions are code. */
export function ruleFacts(
  trigger: Trigger,
): readonly (readonly [name: string, text: string, isCode: boolean])[] {
  const { condition = "", key = "", windowMs = 0, runId = "", owner = "", policy } = trigger;
  const facts: readonly (readonly [string, string, boolean])[] = [
    ["Webhook address", webhookPath(trigger), true],
    ["If", condition, true],
    ["Key", key || "source and id of the event", key !== ""],
    ["A key counts as seen", windowMs > 0 ? `for ${span(windowMs)}` : runRetention, false],
    ["Run id", runId, true],
    ...policyFacts(policy),
    ["Of definition", owner, false],
  ];
  return facts.filter(([, text]) => text !== "");
}

function policyFacts(policy: TriggerPolicy | undefined): readonly (readonly [string, string, boolean])[] {
  const { group = "", signal = "", debounceMs = 0, debounceMaxMs = 0 } = policy ?? {};
  const { batchSize = 0, batchWaitMs = 0, throttleCount = 0, throttlePerMs = 0, singleton } = policy ?? {};
  return [
    ["Group", group, true],
    [
      "Debounce",
      debounceMs > 0
        ? `${span(debounceMs)} without an event, at most ${span(debounceMaxMs || 10 * debounceMs)}`
        : "",
      false,
    ],
    ["Batch", batchSize > 1 ? `${count(batchSize)} events, or ${span(batchWaitMs || 1_000)}` : "", false],
    [
      "Throttle",
      throttleCount > 0 ? `${count(throttleCount)} runs in ${span(throttlePerMs || 1_000)}` : "",
      false,
    ],
    ["While a run has not ended", singletonTexts[singleton ?? ""] ?? "", false],
    ["Signal", signal, true],
  ];
}

const singletonTexts: Readonly<Record<string, string>> = { skip: "skip events", queue: "queue events" };

/** The counts that a trigger always shows, then those that are not 0. */
export function countFacts({ counts }: Pick<Trigger, "counts">): readonly (readonly [string, number])[] {
  const { received = 0, started = 0, duplicates = 0, dead = 0 } = counts ?? {};
  const { signalled = 0, skipped = 0, waiting = 0, dropped = 0 } = counts ?? {};
  const others: readonly (readonly [string, number])[] = [
    ["Signalled", signalled],
    ["Skipped", skipped],
    ["Waiting", waiting],
    ["Dropped dead letters", dropped],
  ];
  return [
    ["Received", received],
    ["Started", started],
    ["Duplicates", duplicates],
    ["Dead letters", dead],
    ...others.filter(([, many]) => many > 0),
  ];
}

export interface TriggerDraft {
  readonly id: string;
  readonly description: string;
  readonly workflow: string;
  readonly kind: "event" | "runEnd" | "webhook";
  readonly event: string;
  readonly preset: WebhookPreset | "standard";
  /** Name of the secret that signs webhooks. */
  readonly secret: string;
  readonly after: string;
  readonly condition: string;
  readonly key: string;
}

export const emptyTrigger: TriggerDraft = {
  id: "",
  description: "",
  workflow: "",
  kind: "event",
  event: "",
  after: "",
  condition: "",
  key: "",
  preset: "standard",
  secret: "",
};

export type TriggerProblems = Readonly<Partial<Record<keyof TriggerDraft, string>>>;

export function triggerProblems(draft: TriggerDraft): TriggerProblems {
  return {
    ...(draft.id.trim() === "" ? { id: "Enter a name." } : {}),
    ...(draft.workflow === "" ? { workflow: "Select a workflow." } : {}),
    ...(draft.kind === "event" && draft.event.trim() === ""
      ? { event: "Enter words with dots, such as shop.order.created." }
      : {}),
    ...(draft.kind === "runEnd" && draft.after === "" ? { after: "Select a workflow." } : {}),
    ...(draft.kind === "webhook" && draft.secret.trim() === ""
      ? { secret: "Enter the name of a secret." }
      : {}),
  };
}

export function triggerBody(draft: TriggerDraft): TriggerInput {
  const { description, condition, key } = draft;
  return {
    triggerId: draft.id.trim(),
    source: sourceOf(draft),
    run: { definition: { name: draft.workflow } },
    ...(description === "" ? {} : { description }),
    ...(condition.trim() === "" ? {} : { condition: condition.trim() }),
    ...(key.trim() === "" ? {} : { key: key.trim() }),
  };
}

function sourceOf({ kind, event, after, preset, secret }: TriggerDraft): TriggerInput["source"] {
  if (kind === "event") return { event: { type: event.trim() } };
  if (kind === "runEnd") return { runEnd: { definition: after, ends: ["completed"] } };
  return { webhook: { ...(preset === "standard" ? {} : { preset }), secrets: [secret.trim()] } };
}

function sourceOptions({ kind, event, after, preset, secret }: TriggerDraft): readonly string[] {
  if (kind === "event") return ["--event", event.trim() || "TYPE"];
  if (kind === "runEnd") return ["--after-run", after || "WORKFLOW"];
  return ["--webhook-of", preset, "--signed-by", secret.trim() || "SECRET"];
}

/** The path that the sender posts its webhooks to. */
export function webhookPath({
  namespace,
  triggerId,
  source,
}: Pick<Trigger, "namespace" | "triggerId" | "source">): string {
  return source?.webhook === undefined ? "" : `/v1/webhooks/${namespace ?? "default"}/${triggerId}`;
}

export function createCommand(draft: TriggerDraft): string {
  const { condition, key, description } = draft;
  return commandLine(
    ...["tutti", "trigger", "create", draft.id.trim() || "ID", draft.workflow || "WORKFLOW"],
    ...sourceOptions(draft),
    ...(condition.trim() === "" ? [] : ["--if", condition.trim()]),
    ...(key.trim() === "" ? [] : ["--key", key.trim()]),
    ...(description === "" ? [] : ["--description", description]),
  );
}

/** The source of events that the dashboard posts. */
const source = "/tutti/dashboard";

/** An event to try a trigger with. Without data it is the newest one of the log. */
export interface EventDraft {
  readonly type: string;
  readonly data: string;
}

/** Returns a type that the trigger's pattern matches. */
export function eventDraftOf({ source, triggerId }: Pick<Trigger, "source" | "triggerId">): EventDraft {
  if (source?.webhook !== undefined) return { type: `webhook.${triggerId}`, data: "" };
  const type = (source?.event?.type ?? "").replaceAll("*", "any").replace(/>$/, "any");
  return { type, data: "" };
}

export type ReadDraft =
  | { readonly ok: true; readonly event: CloudEventInput | undefined; readonly data: unknown }
  | { readonly ok: false; readonly problem: string };

export function eventOf({ type, data }: EventDraft, id: string): ReadDraft {
  if (data.trim() === "") return { ok: true, event: undefined, data: undefined };
  try {
    const value = parseExactly(data);
    return {
      ok: true,
      event: { id, source, type: type.trim(), data: value },
      data: value,
    };
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, problem: `Data: expected JSON. ${cause}` };
  }
}

/** Returns the event to post. Data are optional. */
export function postedEventOf(draft: EventDraft, id: string): ReadDraft {
  if (draft.type.trim() === "") return { ok: false, problem: "" };
  const read = eventOf(draft, id);
  if (!read.ok || read.event !== undefined) return read;
  return { ...read, event: { id, source, type: draft.type.trim() } };
}

export function postCommand({ type }: EventDraft, data: unknown, id: string): string {
  const command = ["tutti", "event", "post", type.trim() || "TYPE"];
  return commandLine(...command, ...inputOption(data), "--id", id, "--source", source);
}

export function postedText({ matched = 0, duplicates = 0 }: PublishEventsReply): string {
  const seen = duplicates === 0 ? "" : ` Seen before by ${counted(duplicates, "trigger")}.`;
  if (matched === 0) return `Posted. It matches no trigger, and goes to runs that wait for it.${seen}`;
  return `Posted. It matches ${counted(matched, "trigger")}.${seen}`;
}

export function testCommand(triggerId: string, data: unknown): string {
  return commandLine("tutti", "trigger", "test", triggerId, ...inputOption(data));
}

function inputOption(data: unknown): readonly string[] {
  return data === undefined ? [] : ["--input", JSON.stringify(data)];
}

/** A range in the past, as fields for date and time have it. */
export interface RangeDraft {
  readonly from: string;
  readonly to: string;
}

export interface Range {
  readonly fromMs?: number;
  readonly toMs?: number;
}

/** Returns the range, or its problem. */
export function rangeOf({ from, to }: RangeDraft): Range | string {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  if (fromMs >= toMs) return "Until: later than since.";
  return { ...(Number.isNaN(fromMs) ? {} : { fromMs }), ...(Number.isNaN(toMs) ? {} : { toMs }) };
}

export function replayCommand(triggerId: string, { fromMs, toMs }: Range): string {
  const at = (ms: number) => new Date(ms).toISOString();
  return commandLine(
    ...["tutti", "trigger", "replay", triggerId],
    ...(fromMs === undefined ? [] : ["--since", at(fromMs)]),
    ...(toMs === undefined ? [] : ["--until", at(toMs)]),
  );
}
