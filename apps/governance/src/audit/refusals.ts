/**
 * Turns refusals and edge actions, which no journal contains, into records of the journal: in their order, in
 * one machine per namespace and day.
 */
import { hash } from "node:crypto";
import {
  type AuditRecord,
  AuditResult,
  type RecordRefusalsReply,
  RecordRefusalsRequest,
} from "@tutti/contracts/governance/v1";
import { execute, type MachineDependencies } from "@tutti/host/serving";
import { type CallContext, type Foundation, type InstanceKey, toTimestamp } from "@tutti/kernel";
import { recordRefusals, refusalKind } from "@tutti/machine-entities/refusal";
import { systemNamespace } from "@tutti/policy/audit";

export interface RefusalDependencies extends MachineDependencies {
  readonly foundation: Pick<Foundation, "clock">;
}

/** Maximum in one batch of the journal. */
const recordsMax = 500;

export async function* storeRefusals(
  dependencies: RefusalDependencies,
  requests: AsyncIterable<RecordRefusalsRequest>,
  context: CallContext,
): AsyncGenerator<RecordRefusalsReply, void> {
  for await (const { batch, records } of requests) {
    for (const [namespace, some] of byNamespace(records))
      for (let from = 0; from < some.length; from += recordsMax)
        await record(dependencies, namespace, some.slice(from, from + recordsMax), context);
    yield { batch };
  }
}

function byNamespace(records: readonly AuditRecord[]): ReadonlyMap<string, AuditRecord[]> {
  // A call without a known namespace was refused by the installation.
  return Map.groupBy(records, ({ namespace }) => namespace || systemNamespace);
}

function record(
  dependencies: RefusalDependencies,
  namespace: string,
  reported: readonly AuditRecord[],
  context: CallContext,
): Promise<RecordRefusalsReply> {
  const nowMs = dependencies.foundation.clock.now();
  // Only the installation's own processes may report completed actions.
  const isOwn = context.principal.credential === undefined;
  const { AUDIT_RESULT_DONE: done, AUDIT_RESULT_REFUSED: refused } = AuditResult;
  const records = reported.map((record) => ({
    ...record,
    namespace,
    recordId: "",
    json: "",
    result: isOwn && record.result === done ? done : refused,
    time: record.time ?? toTimestamp(nowMs),
  }));
  const body = RecordRefusalsRequest.fromPartial({ batch: 1, records });
  // A batch that is sent again because its receipt was lost counts once.
  const idempotencyKey = hash("sha256", RecordRefusalsRequest.encode(body).finish(), "base64url");
  return execute(
    dependencies,
    dayOf(dependencies, namespace, nowMs),
    { command: recordRefusals, body, idempotencyKey },
    context,
  );
}

/** Returns a machine that this process owns, if possible: callers do not search it by its id. */
function dayOf(
  { runtime, partitionOwner }: RefusalDependencies,
  namespace: string,
  nowMs: number,
): InstanceKey {
  const day = new Date(nowMs).toISOString().slice(0, "2026-01-01".length);
  let key = { namespace, kind: refusalKind, id: day };
  for (let number = 1; number < runtime.partitions; number++) {
    if (partitionOwner.owns(runtime.service, runtime.partitionOf(key))) break;
    key = { ...key, id: `${day}.${number}` };
  }
  return key;
}
