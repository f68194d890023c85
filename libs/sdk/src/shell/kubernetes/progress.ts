/** Derives the progress of a Job from the objects of the Job and its pod. */
import { outputsContainer } from "./outputs.ts";

export interface Job {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

interface Reason {
  readonly reason?: string;
  readonly message?: string;
}

export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status?: Reason & {
    readonly phase?: string;
    readonly initContainerStatuses?: readonly ContainerStatus[];
    readonly containerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly name: string;
  readonly imageID?: string;
  readonly state?: {
    readonly waiting?: Reason;
    readonly running?: object;
    readonly terminated?: Reason & { readonly exitCode: number };
  };
}

export type Progress =
  | { readonly at: "waiting" | "running" }
  | { readonly at: "exited"; readonly code: number; readonly isKilled: boolean; readonly image: string }
  | { readonly at: "notStarted" | "missing" | "interrupted" | "unread"; readonly reason: string };

/** Reasons that do not pass by waiting. Kubernetes retries after `ErrImagePull`, so it is not in the list. */
const fatal = new Set([
  ...["ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"],
  ...["CreateContainerError", "CreateContainerConfigError", "RunContainerError"],
]);

/**
 * @param job undefined when it was deleted
 * @param isRead whether a second container reads the files of the first container
 */
export function progressOf(job: Job | undefined, pod: Pod | undefined, isRead = false): Progress {
  if (job === undefined) return { at: "interrupted", reason: "the deletion of its Job" };
  const failed = job.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (failed?.reason === "DeadlineExceeded") return { at: "interrupted", reason: "the deadline of its Job" };
  // The reason for a deletion is in the Job.
  if (pod !== undefined && pod.metadata.deletionTimestamp === undefined) return progressOfPod(pod, isRead);
  return failed === undefined ? { at: "waiting" } : { at: "interrupted", reason: describe(failed) };
}

function progressOfPod({ status = {} }: Pod, isRead: boolean): Progress {
  if (status.phase === "Failed" && status.reason !== undefined)
    return { at: "interrupted", reason: describe(status) };
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  const statusOf = (containerName: string) =>
    [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === containerName);
  const task = progressOfContainer(statusOf("task"));
  if (!isRead || task.at !== "exited" || task.code !== 0) return task;
  const reader = progressOfContainer(statusOf(outputsContainer));
  if ("reason" in reader) return { at: "unread", reason: reader.reason };
  if (reader.at !== "exited") return { at: "running" };
  if (reader.code !== 0) return { at: "unread", reason: `its container ended with exit code ${reader.code}` };
  return task;
}

function progressOfContainer({ state = {}, imageID = "" }: Partial<ContainerStatus> = {}): Progress {
  const { waiting, running, terminated } = state;
  if (terminated !== undefined) {
    if (terminated.reason === "StartError" || terminated.reason === "ContainerCannotRun")
      return { at: "missing", reason: describe(terminated) };
    const { exitCode: code, reason } = terminated;
    return { at: "exited", code, isKilled: reason === "OOMKilled", image: imageID };
  }
  if (waiting?.reason !== undefined && fatal.has(waiting.reason))
    return { at: "notStarted", reason: describe(waiting) };
  return { at: running === undefined ? "waiting" : "running" };
}

function describe({ reason = "", message = "" }: Reason): string {
  return [reason, message].filter((each) => each !== "").join(": ");
}
