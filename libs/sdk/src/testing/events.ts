/** The events of a run in words for people. */
import { printDuration } from "@tutti/definitions";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import { showTask } from "@tutti/machine-run";
import { taskIdOf } from "@tutti/machine-run/reading";
import { valueIn } from "../client/payloads.ts";
import type { Stage, StagedEvent } from "./stage.ts";
import type { World } from "./world.ts";

/** Something that happened to a run. */
export interface TestEvent {
  /** From 1. */
  readonly number: number;
  /** `task_completed` */
  readonly type: string;
  /** Id of the task that it is about; empty where it is about the run. */
  readonly task: string;
  readonly time: Date;
  /** Since the first event, milliseconds. */
  readonly afterMs: number;
  /** What the event has beside: inputs, outputs, errors, in plain words. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Who caused it: an agent, a person; empty for the run itself. */
  readonly actor: string;
  /** A line: number, time since the start, type, task, details. */
  toString(): string;
}

const detailsLengthMax = 160;

export function eventsOf({ stage, machine }: World, key: InstanceKey): readonly TestEvent[] {
  const history = stage.historyOf(key);
  const run = stage.stateOf(key, machine);
  const firstMs = history[0]?.timeMs ?? 0;
  return history.map((event, index) => {
    const said = saidBy(machine, event);
    const { node } = said;
    const task = typeof node === "number" && node < run.nodeCount ? taskIdOf(run, node) : "";
    const afterMs = event.timeMs - firstMs;
    const details = forPeople(event.type, said.details, () => inputOf(stage, key, task));
    const number = index + 1;
    const line = [
      String(number).padStart(4),
      `+${printDuration(afterMs)}`.padEnd(9),
      event.type.padEnd(17),
      [task, shown(details)].filter((part) => part !== "").join(" "),
    ].join(" ");
    return {
      ...{ number, type: event.type, task, time: new Date(event.timeMs), afterMs, details },
      actor: event.cause.actor?.id ?? "",
      toString: () => line.trimEnd(),
    };
  });
}

/** Who did it is the actor; what a task works on is said where it follows from the plan, too. */
function forPeople(
  type: string,
  { agent, attempt, dueMs, ...others }: Record<string, unknown>,
  input: () => unknown,
): Readonly<Record<string, unknown>> {
  const isFirst = type === "task_queued";
  return {
    ...(attempt !== undefined && !isFirst && { attempt }),
    ...(isFirst && { input: others["input"] ?? input() }),
    ...others,
    ...(dueMs !== undefined && { due: dueMs }),
  };
}

function inputOf(stage: Stage, key: InstanceKey, taskId: string): unknown {
  const task = stage.ask(key, showTask, { taskId });
  return isRefusal(task) ? null : (valueIn(task.input) ?? null);
}

interface Reading {
  readonly events: readonly {
    readonly type: string;
    readonly version: number;
    readonly codec: { decode(bytes: Uint8Array): unknown; toJSON(body: never): unknown };
  }[];
}

/** What an event says: whom it is about, and the rest without times, bytes as the JSON that they are. */
export function saidBy(
  { events }: Reading,
  { type, version, payload }: Pick<StagedEvent, "type" | "version" | "payload">,
): { readonly node: number | undefined; readonly details: Record<string, unknown> } {
  const codec = events.find((each) => each.type === type && each.version === version)?.codec;
  if (codec === undefined) return { node: undefined, details: {} };
  // What the codec decoded it can show.
  const shown = codec.toJSON(codec.decode(payload) as never) as Record<string, unknown>;
  const details: Record<string, unknown> = {};
  let node: number | undefined;
  for (const [name, value] of Object.entries(shown)) {
    if (name === "node") node = Number(value);
    else if (!isMoment(name)) details[name] = readable(name, value);
  }
  // A number that is 0 is left out.
  if (node === undefined && aboutTask.has(type)) node = 0;
  return { node, details };
}

/** Moments are told by the time of the event; what a task waits for is said. */
function isMoment(name: string): boolean {
  return /^(create|begin|end|queue|start|stop|pause|resume|ready|update|decide|request)Ms$/.test(name);
}

const aboutTask = new Set([
  ...["task_queued", "attempt_queued", "attempt_started", "progress_saved", "attempt_failed"],
  ...["offer_returned", "task_completed", "task_failed", "task_skipped", "task_held", "task_paused"],
  ...["task_resumed", "entries_begun", "approval_asked", "approval_decided", "round_begun", "round_ended"],
  ...["task_waiting", "child_queued", "child_started", "signal_taken", "undo_queued", "undo_completed"],
  ...["undo_failed", "task_repaired", "cache_asked", "work_sent_back"],
]);

const jsonFields = new Set([
  "input",
  "output",
  "payload",
  "saved",
  "list",
  "context",
  "parameters",
  "answer",
]);

function readable(name: string, value: unknown): unknown {
  if (typeof value === "string" && jsonFields.has(name)) return parsedBase64(value);
  if (name === "inputPayload" || name === "outputPayload" || name === "payload") return inlineOf(value);
  if (/Ms$/.test(name) && typeof value === "number" && value > 1e12) return new Date(value).toISOString();
  if (name === "order" && typeof value === "object" && value !== null) {
    const { input, parameters, definition, labels } = value as Record<string, unknown>;
    return plain({
      definition,
      labels,
      input: input === undefined ? undefined : parsedBase64(String(input)),
      parameters: parameters === undefined ? undefined : parsedBase64(String(parameters)),
    });
  }
  if (name === "error" && typeof value === "object" && value !== null) {
    const { code, message } = value as Record<string, unknown>;
    return { code, message };
  }
  return value;
}

function inlineOf(value: unknown): unknown {
  const inline = typeof value === "object" && value !== null && "inline" in value ? value.inline : undefined;
  return typeof inline === "string" ? parsedBase64(inline) : value;
}

function parsedBase64(text: string): unknown {
  const bytes = Buffer.from(text, "base64").toString();
  try {
    return bytes === "" ? null : JSON.parse(bytes);
  } catch {
    return bytes;
  }
}

function plain(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}

function shown(details: Readonly<Record<string, unknown>>): string {
  if (Object.keys(details).length === 0) return "";
  const text = JSON.stringify(details);
  return text.length > detailsLengthMax ? `${text.slice(0, detailsLengthMax)}…` : text;
}
