/** Acts of people as commands. */
import { Verdict } from "@tutti/contracts/types/v1";
import {
  CancelRun,
  DecideApproval,
  PauseRun,
  RepairTask,
  ResetRun,
  ResumeRun,
  RetryRun,
  SignalRun,
  TerminateRun,
  UpdateRun,
} from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { jsonBytes } from "../json.ts";
import type { Act, Repair } from "./moments.ts";

export interface PlainCommand {
  readonly command: string;
  readonly body: object;
}

/** @param stateAt the state of the run after a share of its events, for resets */
export function commandOf(
  act: Act,
  stateAt: (share: number) => { readonly event: number; readonly snapshot: Uint8Array },
): PlainCommand {
  switch (act.kind) {
    case "pause":
      return { command: "pause_run", body: PauseRun.fromPartial({ reason: "wait" }) };
    case "resume":
      return { command: "resume_run", body: ResumeRun.fromPartial({ taskIds: [...(act.taskIds ?? [])] }) };
    case "cancel":
      return { command: "cancel_run", body: CancelRun.fromPartial({ reason: "no longer wanted" }) };
    case "terminate":
      return { command: "terminate_run", body: TerminateRun.fromPartial({ reason: "at once" }) };
    case "retry":
      return { command: "retry_run", body: RetryRun.fromPartial({ taskIds: [...(act.taskIds ?? [])] }) };
    case "reset": {
      const { event: toEvent, snapshot } = stateAt(act.share);
      return { command: "reset_run", body: ResetRun.fromPartial({ toEvent, snapshot }) };
    }
    case "repair": {
      const repair = repairMessage(act.repair);
      return { command: "repair_task", body: RepairTask.fromPartial({ taskId: act.taskId, repair }) };
    }
    case "signal":
      return {
        command: "signal_run",
        body: SignalRun.fromPartial({ signal: act.signal, payload: payloadOf(act.payload) }),
      };
    case "update":
      return {
        command: "update_run",
        body: UpdateRun.fromPartial({ update: act.update, payload: payloadOf(act.payload) }),
      };
    case "decide": {
      const verdict = act.verdict === "yes" ? Verdict.VERDICT_APPROVED : Verdict.VERDICT_REJECTED;
      return {
        command: "decide_approval",
        body: DecideApproval.fromPartial({
          ...{ approvalId: act.taskId, verdict, roles: [act.person] },
          ...(act.data !== undefined && { data: payloadOf(act.data) }),
        }),
      };
    }
  }
}

function payloadOf(value: Json) {
  return { body: { $case: "inline" as const, value: jsonBytes(value) } };
}

function repairMessage(repair: Repair) {
  if ("output" in repair) return { $case: "output", value: payloadOf(repair.output) } as const;
  if ("error" in repair)
    return { $case: "error", value: { code: repair.error, message: "by hand" } } as const;
  return { $case: "skip", value: { skipDependents: repair.skips === "dependents" } } as const;
}
