/** Compares the expected records with the found ones. */
import { type AuditFault, AuditFaultKind } from "@tutti/contracts/governance/v1";

/** A record by its id and the hash of its leaf, as text. */
export interface KnownRecord {
  readonly id: string;
  readonly hash: string;
}

/**
 * 1. A missing record was removed. An unexpected record was inserted. Both in the same place: the record was
 *    changed, including its id.
 * 2. A record with another hash was changed.
 * 3. Of the other records, one that is out of order was swapped.
 */
export function compared(expected: readonly KnownRecord[], found: readonly KnownRecord[]): AuditFault[] {
  const faults: AuditFault[] = [];
  const placeOf = new Map(expected.map(({ id }, place) => [id, place]));
  const foundIds = new Set(found.map(({ id }) => id));
  const seen = new Set<string>();
  let before: { readonly id: string; readonly place: number } | undefined;
  for (const [index, { id, hash }] of found.entries()) {
    const place = placeOf.get(id);
    if (place === undefined) {
      // In place of a missing record: all of it was changed, including its id.
      const instead = expected[index];
      if (instead !== undefined && !foundIds.has(instead.id)) {
        foundIds.add(instead.id);
        faults.push(fault(instead.id, AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, `it is called ${id} here`));
      } else {
        faults.push(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_INSERTED, "there was no such record"));
      }
      continue;
    }
    if (seen.has(id)) {
      faults.push(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_INSERTED, "it occurs more than once"));
      continue;
    }
    seen.add(id);
    if (expected[place]?.hash !== hash)
      faults.push(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_CHANGED, "it is not as it was written"));
    if (before !== undefined && place < before.place) {
      const message = `it comes after ${before.id}, and came before it`;
      faults.push(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_SWAPPED, message));
    } else {
      before = { id, place };
    }
  }
  for (const { id } of expected)
    if (!foundIds.has(id))
      faults.push(fault(id, AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, "it is not in the export"));
  return faults;
}

export function fault(recordId: string, kind: AuditFaultKind, message: string): AuditFault {
  return { recordId, kind, message };
}
