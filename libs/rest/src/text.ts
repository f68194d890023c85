/** Shared texts of the CLI and the dashboard. */
export { durationText } from "@tutti/kernel/words";

import type { Definition, ErrorDetail, TaskCounts } from "./generated/types.ts";

/**
 * Returns a text for a running run in which a task is paused and none is active. The API calls it running until the
 * run itself is paused. Undefined for every other run: its text is its state.
 */
export function pausedTaskText(status: string | undefined, tasks: TaskCounts = {}): string | undefined {
  const { queued = 0, running = 0, retrying = 0, compensating = 0, paused = 0 } = tasks;
  const active = queued + running + retrying + compensating;
  return status === "running" && active === 0 && paused > 0 ? "task paused" : undefined;
}

/** Returns the text of a rejected approval: `rejected by ana: too expensive`. Undefined for every other error. */
export function rejectionText(error: Pick<ErrorDetail, "code" | "details"> | undefined): string | undefined {
  const { by, reason = "" } = error?.details ?? {};
  // Older runs do not record the person. Their message has the name.
  if (error?.code !== "workflow.approval_rejected" || by === undefined) return undefined;
  return `rejected by ${by === "" ? "an approver" : by}${reason === "" ? "" : `: ${reason}`}`;
}

/**
 * Returns the percentage of new runs that a version takes. Runs that request a version do not count. Undefined for a
 * version that takes none, such as an archived one.
 */
export function newRunsPercent({
  hash,
  versionLabels,
  archived,
  rollout,
}: Pick<Definition, "hash" | "versionLabels" | "archived" | "rollout">): number | undefined {
  if (archived === true) return undefined;
  const { percent = 0 } = rollout ?? {};
  if (rollout !== undefined && rollout.hash === hash) return percent;
  return versionLabels.includes("latest") ? 100 - percent : undefined;
}

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Formats a size: `512 B`, `3.4 MiB`, `42 MiB`, with a decimal place below 10. */
export function bytesText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  // Otherwise 1,023.6 KiB would be rounded to 1,024 KiB.
  while (Math.round(size) >= 1_024 && unit < byteUnits.length - 1) {
    size /= 1_024;
    unit += 1;
  }
  return `${unit > 0 && size < 9.95 ? size.toFixed(1) : Math.round(size)} ${byteUnits[unit]}`;
}

/** A process with more services than this is called the platform. */
const servicesMax = 2;

/**
 * Shortens names of processes in a text, such as the sentences of alerts. `gateway+governance+… 127.0.0.1:7401` is
 * long, and breaks within words. A process with most services is the platform.
 */
export function processName(text: string): string {
  return text.replace(/\b[a-z]+(?:\+[a-z]+)+/g, (services) => {
    const names = services.split("+");
    return names.length > servicesMax ? "platform" : names.join(", ");
  });
}
