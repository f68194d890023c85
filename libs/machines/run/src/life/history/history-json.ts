/**
 * A recorded event as plain JSON. Bytes appear as the JSON that they contain. Times that equal the time of
 * the event are left out.
 */
import type { MachineEvent } from "@tutti/kernel";

/** The events that a machine knows. */
export interface Reading {
  readonly events: readonly Pick<MachineEvent<unknown>, "type" | "version" | "codec">[];
}

/** An event as it was recorded. */
export interface RecordedEvent {
  readonly type: string;
  readonly version: number;
  readonly payload: Uint8Array;
}

export interface EventJson {
  /** Node of the event. Undefined if the event is about the run. */
  readonly node: number | undefined;
  readonly details: Record<string, unknown>;
}

/** Returns the node of an event, and its other fields without the times at which it happened. */
export function historyJsonOf({ events }: Reading, { type, version, payload }: RecordedEvent): EventJson {
  const codec = events.find((each) => each.type === type && each.version === version)?.codec;
  if (codec === undefined) return { node: undefined, details: {} };
  // A codec can convert every message that it decoded.
  const json = codec.toJSON(codec.decode(payload)) as Record<string, unknown>;
  const details: Record<string, unknown> = {};
  let node: number | undefined;
  for (const [name, value] of Object.entries(json)) {
    if (name === "node") node = Number(value);
    else if (!isMoment(name)) details[name] = readable(name, value);
  }
  // JSON omits a number that is 0.
  if (node === undefined && aboutTask.has(type)) node = 0;
  return { node, details };
}

/** Returns whether a field repeats the time of the event. The due time of a waiting task stays. */
function isMoment(name: string): boolean {
  return /^(create|begin|end|queue|start|stop|pause|resume|ready|update|decide|request)Ms$/.test(name);
}

const aboutTask: ReadonlySet<string> = new Set([
  ...["task_queued", "attempt_queued", "attempt_started", "progress_saved", "attempt_failed"],
  "model_calls_noted",
  "offer_returned",
  "task_completed",
  "task_failed",
  "task_skipped",
  "task_held",
  "task_paused",
  "task_resumed",
  "entries_begun",
  "approval_asked",
  "approval_decided",
  "approval_claimed",
  "approval_released",
  "approval_delegated",
  "round_begun",
  "round_ended",
  ...["task_waiting", "child_queued", "child_started", "child_refused", "signal_taken"],
  ...["step_recorded", "function_turned", "function_woken"],
  ...["undo_queued", "undo_completed", "undo_failed", "task_repaired", "cache_asked", "work_sent_back"],
]);

/** Fields with data of users, which is JSON in bytes. */
const jsonFields: ReadonlySet<string> = new Set([
  ...["input", "output", "saved", "list", "context", "parameters", "answer", "initial", "event", "report"],
]);

const payloadFields: ReadonlySet<string> = new Set(["inputPayload", "outputPayload", "payload", "data"]);

function readable(name: string, value: unknown): unknown {
  if (typeof value === "string" && jsonFields.has(name)) return parsed(value);
  if (/Ms$/.test(name) && typeof value === "number" && value > 1e12) return new Date(value).toISOString();
  if (!isObject(value)) return Array.isArray(value) ? value.map((each) => readable("", each)) : value;
  if (payloadFields.has(name) || (name === "output" && ("inline" in value || "blob" in value)))
    return payloadAsJson(value);
  if (name === "error") return { code: value["code"], message: value["message"] };
  if (name === "order") return orderOf(value);
  if (name === "vars") return mapped(value, (each) => parsed(String(each)));
  if (name === "labels") return value;
  return mapped(value, (each, key) => readable(key, each));
}

/** Returns JSON as it is. Other content is described. */
function payloadAsJson(payload: Readonly<Record<string, unknown>>): unknown {
  const { inline, blob } = payload;
  const mediaType = typeof payload["mediaType"] === "string" ? payload["mediaType"] : "";
  if (isObject(blob)) {
    const sha256 = Buffer.from(String(blob["sha256"] ?? ""), "base64").toString("hex");
    return { $blob: { sha256, size: Number(blob["size"] ?? 0) }, ...(mediaType !== "" && { mediaType }) };
  }
  if (typeof inline !== "string") return null;
  const isJson = mediaType === "" || /^application\/(.+\+)?json\b/.test(mediaType);
  return isJson ? parsed(inline) : { $bytes: inline, mediaType };
}

const orderFields = [
  ...["definition", "hash", "versionLabel", "labels", "priority", "pool", "parent", "incarnation", "firstId"],
  ...["input", "inputPayload", "parameters", "timeoutMs", "retentionMs"],
] as const;

/**
 * Returns the order of a run. A plan in the order is omitted: it is the definition, and not data of an event.
 */
function orderOf(order: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    orderFields.flatMap((name) => (order[name] === undefined ? [] : [[name, readable(name, order[name])]])),
  );
}

function parsed(base64: string): unknown {
  const text = Buffer.from(base64, "base64").toString();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function mapped(
  value: Readonly<Record<string, unknown>>,
  change: (each: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each, key)]));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
