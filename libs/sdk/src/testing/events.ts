/** The events of a run in words for people. */
import { printDuration } from "@tutti/definitions";
import { type InstanceKey, isRefusal } from "@tutti/kernel";
import { showTask } from "@tutti/machine-run";
import { HistoryReader } from "@tutti/machine-run/reading";
import { valueIn } from "../client/payloads.ts";
import type { Stage } from "./stage.ts";
import type { World } from "./world.ts";

/** An event of a run, for people. */
export interface TestEvent {
  /** From 1. */
  readonly number: number;
  /** `task_completed` */
  readonly type: string;
  /** Id of the task. Empty for an event of the run itself. */
  readonly task: string;
  readonly time: Date;
  /** Since the first event, milliseconds. */
  readonly afterMs: number;
  /** Other values of the event: inputs, outputs, errors. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Cause of the event: an agent, a person. Empty for the run itself. */
  readonly actor: string;
  /** A line: number, time since the start, type, task, details. */
  toString(): string;
}

const detailsLengthMax = 160;

export function eventsOf({ stage, machine }: World, key: InstanceKey): readonly TestEvent[] {
  const history = stage.historyOf(key);
  const reader = new HistoryReader(machine, key);
  const firstMs = history[0]?.timeMs ?? 0;
  return history.map((event, index) => {
    const { task, details: recorded } = reader.read(event);
    const afterMs = event.timeMs - firstMs;
    const details = forPeople(event.type, recorded, () => inputOf(stage, key, task));
    const number = index + 1;
    const line = [
      String(number).padStart(4),
      `+${printDuration(afterMs)}`.padEnd(9),
      event.type.padEnd(17),
      [task, printDetails(details)].filter((part) => part !== "").join(" "),
    ].join(" ");
    return {
      ...{ number, type: event.type, task, time: new Date(event.timeMs), afterMs, details },
      actor: event.cause.actor?.id ?? "",
      toString: () => line.trimEnd(),
    };
  });
}

/** The actor is the agent. The place of a task's work is reported even if it follows from the plan. */
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
    ...(isObject(others["order"]) && { order: setValues(others["order"]) }),
    ...(dueMs !== undefined && { due: dueMs }),
  };
}

/** Returns the values that a test has set. The service fills in the rest of an order. */
function setValues({ definition, labels, input, parameters }: Readonly<Record<string, unknown>>) {
  const values = { definition, labels, input, parameters };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function inputOf(stage: Stage, key: InstanceKey, taskId: string): unknown {
  const task = stage.query(key, showTask, { taskId });
  return isRefusal(task) ? null : (valueIn(task.input) ?? null);
}

function printDetails(details: Readonly<Record<string, unknown>>): string {
  if (Object.keys(details).length === 0) return "";
  const text = JSON.stringify(details);
  return text.length > detailsLengthMax ? `${text.slice(0, detailsLengthMax)}…` : text;
}
