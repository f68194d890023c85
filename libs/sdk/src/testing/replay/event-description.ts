/**
 * The content of an event, independent of the numbers of its definition: two events with the same content are the same
 * decision. Times, agents and ids made of numbers do not belong to the content. Durations do.
 */
import { printDuration } from "@tutti/definitions";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import { type Run, showTask } from "@tutti/machine-run";
import { historyJsonOf, taskIdOf } from "@tutti/machine-run/reading";
import { valueIn } from "../../client/payloads.ts";
import type { Stage, StagedEvent } from "../stage.ts";

export interface EventDescription {
  readonly type: string;
  /** Id of the task. Empty for an event of the run itself. */
  readonly task: string;
  readonly details: Readonly<Record<string, unknown>>;
}

type Machine = Parameters<typeof historyJsonOf>[0] & { create(key: InstanceKey): Run };

const omittedKeys = new Set([
  ...["agent", "used", "hash", "childId", "order", "approvalId", "retryMs", "leaseDueMs", "ticket"],
  ...["startMs", "transition", "snapshot", "decision", "fromCache", "number", "requestMs", "enterMs"],
  ...["takeMs", "passMs", "sendBackMs", "addMs", "receiveMs", "inputPayload", "limits", "atOnce"],
  // Set by the caller of an action, not by the definition.
  ...["reason", "nextId"],
  // Made of the definition's hash.
  "key",
]);

/** Events that offer work: their input may follow from the plan alone. */
const offers = new Set(["task_queued", "attempt_queued", "child_queued"]);

export function describeEvent(
  stage: Stage,
  machine: Machine,
  key: InstanceKey,
  event: StagedEvent,
): EventDescription {
  const run = stage.stateOf(key, machine);
  const { node, details } = historyJsonOf(machine, event);
  const task = node === undefined || node >= run.nodeCount ? "" : taskIdOf(run, node);
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(details)) {
    if (name === "dueMs" || name === "expireMs") plain["within"] = durationSince(event.timeMs, value);
    else if (name === "error") plain["error"] = codeOf(value);
    else if (name === "nodes" && Array.isArray(value))
      plain["tasks"] = value.map((each) => taskIdOf(run, Number(each)));
    else if (name === "target") plain["target"] = taskIdOf(run, Number(value));
    else if (name === "state") plain["state"] = run.plan?.plan.states[Number(value)]?.name;
    else if (name === "signal") plain["signal"] = signalOf(value);
    else if (name === "details") Object.assign(plain, offerDetails(value));
    else if (!omittedKeys.has(name) && value !== null) plain[name] = value;
  }
  if (offers.has(event.type)) Object.assign(plain, workOf(stage, key, task));
  return { type: event.type, task, details: plain };
}

/** The capability and its input. */
function workOf(stage: Stage, key: InstanceKey, taskId: string) {
  const found = stage.query(key, showTask, { taskId });
  if (isRefusal(found)) return {};
  return { uses: found.uses, input: valueIn(found.input) ?? null };
}

/**
 * Returns the name of the signal, the waiting task, and the payload. A number names the stored signal that was used.
 */
function signalOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value === "string" ? value : undefined;
  const { signal, payload } = value as Readonly<Record<string, unknown>>;
  return { signal, payload };
}

/** Computed by the definition, except for the due time. */
function offerDetails(value: unknown): object {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== "dueMs"));
}

function codeOf(error: unknown): unknown {
  return typeof error === "object" && error !== null && "code" in error ? error.code : error;
}

/** To whole seconds: a moment that is computed from the clock is not the same to the millisecond. */
function durationSince(nowMs: number, value: unknown): string | undefined {
  const dueMs = typeof value === "string" ? Date.parse(value) : Number(value);
  if (!(dueMs > 0)) return undefined;
  return printDuration(Math.round((dueMs - nowMs) / 1_000) * 1_000);
}

export function isSame(a: EventDescription, b: EventDescription): boolean {
  return a.type === b.type && a.task === b.task && canonical(a.details) === canonical(b.details);
}

export function printed({ type, task, details }: EventDescription): string {
  const text = JSON.stringify(details);
  return [type, task, text === "{}" ? "" : text].filter((part) => part !== "").join(" ");
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === "object" && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
