/** Random refusals. */
import { AuditRecord, AuditResult, RecordRefusalsRequest } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import type { InstanceKey } from "@tutti/kernel";
import type { MachineCall } from "@tutti/kernel/testing";
import fc, { type Arbitrary } from "fast-check";

export const refusalService = "governance";
export const dayKey: InstanceKey = { namespace: "shop", kind: "refusal", id: "2026-01-01" };

export function refusedRecord(action: string, count = 1): AuditRecord {
  return AuditRecord.fromPartial({
    ...{ namespace: "shop", action, count, result: AuditResult.AUDIT_RESULT_REFUSED, address: "192.0.2.7" },
    cause: { actor: { kind: ActorKind.ACTOR_KIND_PERSON, id: "eve" } },
    error: { code: "mesh.denied", message: "expected a right to do that, got none" },
  });
}

export function operations(): Arbitrary<MachineCall> {
  const key = fc.constantFrom("2026-01-01", "2026-01-02").map((id) => ({ ...dayKey, id }));
  const record = fc
    .record({ action: fc.constantFrom("workflow.runs.start", "governance.keys.create"), count: fc.nat(9) })
    .map(({ action, count }) => refusedRecord(action, count));
  const body = fc
    .record({ batch: fc.integer({ min: 1, max: 9 }), records: fc.array(record, { maxLength: 4 }) })
    .map((request) => RecordRefusalsRequest.fromPartial(request));
  return fc.record({ key, command: fc.constant("record_refusals"), body });
}
