/** Checks the whole book again: every record against its leaf, the leaves against their head, the heads against what was signed. */
import { type AuditFault, AuditFaultKind, type JournalHead } from "@tutti/contracts/governance/v1";
import {
  checkpointFault,
  emptyRoot,
  fault,
  headLeaf,
  MerkleTree,
  recordHash,
  recordId,
  sameHash,
  TrustedKeys,
} from "@tutti/policy/audit";
import { recordsIn } from "./blocks.ts";
import { leafAt, treeOf } from "./intake.ts";
import type { Shelf, ShelvedHead } from "./shelf.ts";

export interface VerifyProgress {
  /** Records that were looked at so far. */
  readonly checked: number;
  readonly faults: readonly AuditFault[];
}

const changed = AuditFaultKind.AUDIT_FAULT_KIND_CHANGED;

export function* verified(shelf: Shelf, fromCheckpoint: number): Generator<VerifyProgress, void> {
  const keys = shelf.keys();
  const trusted = new TrustedKeys(keys[0]?.publicKey ?? new Uint8Array(0), keys);
  const tree = new MerkleTree();
  const last = shelf.checkpoint(0)?.number ?? 0;
  let from = 0;
  for (let number = 1; number <= last; number++) {
    const faults: AuditFault[] = [];
    let checked = 0;
    const checkpoint = shelf.checkpoint(number);
    if (checkpoint === undefined) {
      yield {
        checked,
        faults: [fault("", AuditFaultKind.AUDIT_FAULT_KIND_REMOVED, `checkpoint ${number} is missing`)],
      };
      continue;
    }
    for (const shelved of shelf.heads(from, checkpoint.treeSize)) {
      tree.append(headLeaf(shelved.head));
      // Earlier heads are needed for the tree alone.
      if (number < fromCheckpoint) continue;
      checked += shelved.head.recordCount;
      faults.push(...headFaults(shelf, shelved));
    }
    from = checkpoint.treeSize;
    if (tree.size !== checkpoint.treeSize || !sameHash(tree.rootAt(), checkpoint.rootHash))
      faults.push(fault("", changed, `checkpoint ${number} is not over the heads before it`));
    const signed = checkpointFault(checkpoint, trusted);
    if (signed !== undefined)
      faults.push(fault("", AuditFaultKind.AUDIT_FAULT_KIND_SIGNATURE, `checkpoint ${number}: ${signed}`));
    if (number >= fromCheckpoint) yield { checked, faults };
  }
}

function headFaults(shelf: Shelf, { leaf, head }: ShelvedHead): AuditFault[] {
  const leaves = shelf.leavesUnder(leaf);
  const tree = treeOf(leaves);
  const root = tree.size === 0 ? emptyRoot : tree.rootAt();
  const faults: AuditFault[] = [];
  if (tree.size !== head.recordCount || !sameHash(root, head.recordsRoot))
    faults.push(
      fault(
        nameOf(head),
        changed,
        "the hashes of the records up to this batch are not those that were signed",
      ),
    );
  for (const block of shelf.blocksUnder(leaf))
    for (const [index, record] of recordsIn(shelf.bytesOf(block)).entries())
      if (!sameHash(recordHash(record, record.encoded), leafAt(leaves, block.first + index)))
        faults.push(
          fault(recordId(head.service, head.partition, record), changed, "it is not as it was written"),
        );
  return faults;
}

function nameOf({ service, partition, batch }: JournalHead): string {
  return `${service}/${partition}/${batch}`;
}
