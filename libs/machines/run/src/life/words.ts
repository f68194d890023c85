import { workStatusLooks } from "@tutti/contracts/states";
import type { WorkStatus } from "@tutti/contracts/types/v1";

const labels = new Map<WorkStatus, string>(
  Object.values(workStatusLooks).map(({ number, label }) => [number, label]),
);

/** A status in a sentence. */
export function statusName(status: WorkStatus): string {
  return labels.get(status) ?? "not started";
}
