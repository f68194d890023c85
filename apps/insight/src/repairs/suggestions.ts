/** Suggests repairs of an incident from the known causes. */
import { type Incident, IncidentRepair, RepairKind } from "@tutti/contracts/insight/v1";
import type { FailedTask } from "../analysis/analyse.ts";
import type { Unwell } from "./breakers.ts";
import type { QueuedPool } from "./scaling.ts";

const { REPAIR_KIND_RETRY, REPAIR_KIND_MOVE, REPAIR_KIND_PAUSE_AGENT, REPAIR_KIND_OPEN_BREAKER } = RepairKind;
const { REPAIR_KIND_QUARANTINE_AGENT, REPAIR_KIND_PAUSE_POOL, REPAIR_KIND_SCALE, REPAIR_KIND_FIX } =
  RepairKind;

export interface Known {
  /** Tasks at which runs failed. */
  readonly tasks: readonly FailedTask[];
  /** Pools with a queue, and a scaler that is not paused. */
  readonly queued: readonly QueuedPool[];
  /** Instances that are unhealthy, while other instances can serve their calls. */
  readonly unwell: readonly Unwell[];
}

export function repairsOf(
  { causes, failed }: Pick<Incident, "causes" | "failed">,
  { tasks, queued, unwell }: Known,
): IncidentRepair[] {
  const repairs: Partial<IncidentRepair>[] = [];
  if (failed.some(({ kind }) => kind === "run"))
    repairs.push({ kind: REPAIR_KIND_RETRY, summary: "Retry the failed runs" });
  for (const { definition: subject, task: taskId } of tasks) {
    const summary = `Correct the input of task ${taskId} in failed runs of ${subject}`;
    repairs.push({ kind: REPAIR_KIND_FIX, subject, taskId, summary });
  }
  for (const { pool, scalerId } of queued) {
    const subject = `${pool}/${scalerId}`;
    repairs.push({ kind: REPAIR_KIND_SCALE, subject, summary: `Start more agents with scaler ${subject}` });
  }
  for (const { id: subject, service, address } of unwell) {
    const summary = `Open the breaker of ${service} at ${address}: others serve its calls`;
    repairs.push({ kind: REPAIR_KIND_OPEN_BREAKER, subject, summary });
  }
  for (const { kind, subject } of causes) {
    switch (kind) {
      case "agent":
        repairs.push(
          { kind: REPAIR_KIND_PAUSE_AGENT, subject, summary: `Pause worker ${subject}` },
          { kind: REPAIR_KIND_QUARANTINE_AGENT, subject, summary: `Quarantine worker ${subject}` },
        );
        break;
      case "pool":
        repairs.push({ kind: REPAIR_KIND_PAUSE_POOL, subject, summary: `Pause pool ${subject}` });
        break;
      case "version": {
        // A version is either a hash, or `workflow@hash`.
        const at = subject.lastIndexOf("@");
        if (at < 1) break;
        const workflow = subject.slice(0, at);
        const summary = `Move the runs of ${workflow} to another version`;
        repairs.push({ kind: REPAIR_KIND_MOVE, subject: workflow, summary });
      }
    }
  }
  const keyOf = ({ kind, subject = "", taskId = "" }: Partial<IncidentRepair>) =>
    `${kind} ${subject} ${taskId}`;
  const unique = new Map(repairs.map((repair) => [keyOf(repair), repair]));
  return [...unique.values()].slice(0, 20).map((repair) => IncidentRepair.fromPartial(repair));
}
