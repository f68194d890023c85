/** Work and its tasks, as messages of the contracts and as values of expressions. */
import {
  type ErrorDetail,
  type Outcome,
  type Payload,
  TaskStatus,
  WorkStatus,
} from "@tutti/contracts/types/v1";
import type { Value } from "@tutti/expressions";
import { type ReadOnly, toTimestamp } from "@tutti/kernel";
import { asPayload, type Data, parsed } from "./data/data.ts";
import { taskStatusName } from "./status.ts";

/** Absent for 0. */
export function momentOf(ms: number) {
  return ms > 0 ? toTimestamp(ms) : undefined;
}

export interface EndableWork {
  readonly status: WorkStatus;
  readonly error: ReadOnly<ErrorDetail> | undefined;
  /** Computed for completed work only. */
  output(): Data | undefined;
}

/** Returns the outcome of a mission or session. Undefined until it ends. */
export function workOutcome({ status, error, output }: EndableWork): Outcome | undefined {
  const value = error as ErrorDetail | undefined;
  switch (status) {
    case WorkStatus.WORK_STATUS_COMPLETED:
      return completed(output());
    case WorkStatus.WORK_STATUS_FAILED:
      return value && { result: { $case: "failed", value } };
    case WorkStatus.WORK_STATUS_CANCELLED:
      return value && { result: { $case: "cancelled", value } };
    case WorkStatus.WORK_STATUS_TERMINATED:
      return value && { result: { $case: "terminated", value } };
    default:
      return undefined;
  }
}

export interface EndableTask {
  readonly status: TaskStatus;
  readonly output: ReadOnly<Data> | undefined;
  readonly error: ReadOnly<ErrorDetail> | undefined;
}

/** Returns the outcome of a task. Undefined until it ends, and if it was skipped. */
export function taskOutcome(
  { status, output, error }: EndableTask,
  withPayloads = true,
): Outcome | undefined {
  const value = error as ErrorDetail | undefined;
  switch (status) {
    case TaskStatus.TASK_STATUS_COMPLETED:
      return completed(withPayloads ? (output as Data | undefined) : undefined);
    case TaskStatus.TASK_STATUS_FAILED:
      return value && { result: { $case: "failed", value } };
    case TaskStatus.TASK_STATUS_CANCELLED:
      return value && { result: { $case: "cancelled", value } };
    default:
      return undefined;
  }
}

/** Returns a task as expressions see it. Throws `UnreadableData` for an output that is not JSON. */
export function taskValue({ status, output, error }: EndableTask): Value {
  const value: Record<string, Value> = {
    status: taskStatusName(status),
    error:
      error === undefined
        ? null
        : { code: error.code, message: error.message, details: { ...error.details } },
  };
  if (status === TaskStatus.TASK_STATUS_COMPLETED) value["output"] = parsed(output as Data | undefined);
  return value;
}

function completed(output: Data | undefined): Outcome {
  const nothing: Payload = { body: undefined, mediaType: "" };
  return { result: { $case: "completed", value: asPayload(output) ?? nothing } };
}
