/**
 * The end of work for its parent: the ending that a child reports, and the error that its parent derives from
 * it.
 */
import { type ErrorDetail, RetryClass, WorkStatus } from "@tutti/contracts/types/v1";
import { EndChild, type RunEnding } from "@tutti/contracts/workflow/v1";
import type { InstanceAddress, Message, ReadOnly, Refusal } from "@tutti/kernel";
import { bytesOf, type Data, noBytes, payloadOf } from "../data/data.ts";
import { bounded, detailOfRefusal } from "../errors/details.ts";
import { valueBytesMax } from "../limits.ts";

/** The message of a child that has ended. */
export const endChild: Message<EndChild> = { type: "end_child", codec: EndChild };

/** The services that host the work of each kind. */
const services: Readonly<Record<string, string>> = { mission: "swarm", session: "master" };

/** Returns the address of the machine of a run, mission or session. */
export function workAddress(namespace: string, { kind, id }: { kind: string; id: string }): InstanceAddress {
  return { service: services[kind] ?? "workflow", namespace, kind, id };
}

export interface EndedWork {
  readonly id: string;
  readonly status: WorkStatus;
  /** Computed for completed work only. */
  output(): Data | undefined;
  readonly error: ReadOnly<ErrorDetail> | undefined;
}

export function endingOf({ id, status, output, error }: EndedWork): RunEnding {
  const data = status === WorkStatus.WORK_STATUS_COMPLETED ? output() : undefined;
  return {
    runId: id,
    status,
    output: bytesOf(data),
    outputPayload: payloadOf(data),
    error: error === undefined ? undefined : bounded(error),
  };
}

/**
 * Returns the ending for the parent. An output that does not fit into a message fails the work, because the
 * parent could not keep it.
 */
export function endingForParent(
  ending: RunEnding,
  tooLarge: (bytes: number, bytesMax: number) => Refusal,
): RunEnding {
  const bytes = ending.output.length;
  if (bytes <= valueBytesMax) return ending;
  const error = detailOfRefusal(tooLarge(bytes, valueBytesMax));
  return { ...ending, status: WorkStatus.WORK_STATUS_FAILED, output: noBytes, error };
}

/**
 * Returns the error of a task whose child failed, with the child's error as cause. A child that a caller
 * ended is not retried.
 */
export function childError(refusal: Refusal, { status, error }: RunEnding): ErrorDetail {
  const isRequested = status !== WorkStatus.WORK_STATUS_FAILED;
  const retry = isRequested ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_SAME_KEY;
  return { ...detailOfRefusal(refusal, error && bounded(error)), retry };
}
