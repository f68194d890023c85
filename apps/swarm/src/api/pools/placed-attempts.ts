/** Attempts at agents of a pool, for services that record the past. */
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  ListPlacedAttemptsReply,
  type ListPlacedAttemptsRequest,
  type PlacedAttempt as PlacedAttemptMessage,
} from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import type { PlacedAttempt } from "@tutti/matching";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { PoolDependencies } from "../dependencies.ts";

const countByDefault = 1_000;

export async function listPlacedAttempts(
  { pools, now }: Pick<PoolDependencies, "pools" | "now">,
  request: ListPlacedAttemptsRequest,
  context: CallContext,
): Promise<ListPlacedAttemptsReply> {
  const pool = await pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const after = request.epoch === pool.epoch ? request.after : 0;
  const { attempts, last } = pool.placedAttempts(after, request.count || countByDefault, now());
  return ListPlacedAttemptsReply.fromPartial({ attempts: attempts.map(messageOf), last, epoch: pool.epoch });
}

function messageOf(attempt: PlacedAttempt): PlacedAttemptMessage {
  const { profile, workId: id, taskId: task, dueMs, result, isCopy, end } = attempt;
  const { namespace, workKind, definition, definitionTask, demand } = profile;
  return {
    sequence: attempt.sequence,
    attempt: attempt.attempt,
    definition,
    definitionTask,
    work: { namespace, kind: workKind || "run", id, task },
    capability: demand.requirements.capability,
    agentId: attempt.agentId,
    slots: attempt.slots,
    priority: attempt.priority,
    readyMs: attempt.readyMs,
    offeredMs: attempt.offeredMs,
    assignedMs: attempt.assignedMs,
    startedMs: attempt.startedMs,
    endedMs: attempt.endedMs,
    dueMs: Number.isFinite(dueMs) ? dueMs : 0,
    end,
    errorCode: attempt.errorCode,
    used: result?.used,
    copy: isCopy,
    demand: demandOf(attempt),
    strategy: attempt.strategy,
    inputBytes: attempt.inputBytes,
  };
}

/** Returns the requirements besides the capability. */
function demandOf({ profile, choices }: PlacedAttempt): string {
  const { requirements, fit } = profile.demand;
  const request = {
    versionRange: requirements.range,
    placement:
      requirements.require || requirements.prefer
        ? { require: requirements.require, prefer: requirements.prefer }
        : undefined,
    resources: Object.fromEntries(fit.resources),
    weight: profile.weight === 1 ? 0 : profile.weight,
    ...choices,
  };
  const filled = Object.entries(request).filter(([, value]) => !isEmpty(value));
  return filled.length === 0 ? "" : JSON.stringify(Object.fromEntries(filled));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === "" || value === 0) return true;
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}
