/** Verifies the whole book: records against leaves, leaves against heads, heads against checkpoints. */
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
} from "@tutti/policy/audit";
import { recordsIn } from "./blocks.ts";
import type { BookStore, PlacedHead, StoredBlock } from "./book-store.ts";
import {
  columnsFault,
  missingCheckpoint,
  missingUnder,
  retainedBefore,
  trustedOf,
  unreadableFault,
} from "./completeness.ts";
import { type BookRecord, leafAt, treeOf } from "./intake.ts";

export interface VerifyProgress {
  /** Number of verified records so far. */
  readonly checked: number;
  readonly faults: readonly AuditFault[];
}

const {
  AUDIT_FAULT_KIND_CHANGED: changed,
  AUDIT_FAULT_KIND_REMOVED: removed,
  AUDIT_FAULT_KIND_SIGNATURE: signature,
} = AuditFaultKind;

export function* verified(store: BookStore, fromCheckpoint: number): Generator<VerifyProgress, void> {
  const trusted = trustedOf(store.keys());
  const retained = retainedBefore(store, trusted);
  const faults: AuditFault[] = [
    ...retained.faults,
    ...trusted.faults.map(({ signingKeyId, message }) =>
      fault("", signature, `key "${signingKeyId}": ${message}`),
    ),
  ];
  const tree = new MerkleTree();
  let before = 0;
  let from = 0;
  let checked = 0;
  for (const { columns, checkpoint } of store.listedCheckpoints()) {
    const { number, treeSize, rootHash } = checkpoint;
    for (let missing = before + 1; missing < columns.number; missing++)
      faults.push(missingCheckpoint(missing));
    before = columns.number;
    const wrong = columnsFault(checkpoint, columns);
    if (wrong !== undefined) faults.push(wrong);
    for (const placed of store.placedHeads(from, treeSize)) {
      if (placed.leaf !== tree.size) faults.push(fault("", removed, `head ${tree.size} is missing`));
      tree.append(headLeaf(placed.head));
      // Earlier heads are needed only for the tree.
      if (number < fromCheckpoint) continue;
      checked += placed.head.recordCount;
      faults.push(...headFaults(store, placed, retained.leaf));
    }
    from = treeSize;
    if (tree.size !== treeSize || !sameHash(tree.rootAt(), rootHash))
      faults.push(fault("", changed, `checkpoint ${number} is not over the heads before it`));
    const signed = checkpointFault(checkpoint, trusted);
    if (signed !== undefined) faults.push(fault("", signature, `checkpoint ${number}: ${signed}`));
    if (number >= fromCheckpoint) yield { checked, faults: faults.splice(0) };
    checked = 0;
  }
  if (!store.placedHeads(from).next().done)
    faults.push(fault("", removed, "the last heads have no checkpoint"));
  if (faults.length > 0) yield { checked, faults };
}

function headFaults(store: BookStore, placed: PlacedHead, retained: number): AuditFault[] {
  const { leaf, head } = placed;
  const leaves = store.leavesUnder(leaf);
  const tree = treeOf(leaves);
  const root = tree.size === 0 ? emptyRoot : tree.rootAt();
  const faults = missingUnder(placed, retained);
  if (tree.size !== head.recordCount || !sameHash(root, head.recordsRoot))
    faults.push(
      fault(
        nameOf(head),
        changed,
        "the hashes of the records up to this batch are not those that were signed",
      ),
    );
  for (const block of store.blocksUnder(leaf)) faults.push(...blockFaults(store, head, block, leaves));
  return faults;
}

function blockFaults(
  store: BookStore,
  head: JournalHead,
  block: StoredBlock,
  leaves: Uint8Array,
): AuditFault[] {
  const { first, records: count } = block;
  let records: BookRecord[];
  try {
    records = recordsIn(store.bytesOf(block));
  } catch {
    return [unreadableFault(head, block)];
  }
  const faults = records.flatMap((record, index) =>
    sameHash(recordHash(record, record.encoded), leafAt(leaves, first + index))
      ? []
      : [fault(recordId(head.service, head.partition, record), changed, "it is not as it was written")],
  );
  if (records.length !== count)
    faults.push(
      fault(
        nameOf(head),
        removed,
        `of the ${count} records from record ${first + 1} on there are ${records.length}`,
      ),
    );
  return faults;
}

function nameOf({ service, partition, batch }: JournalHead): string {
  return `${service}/${partition}/${batch}`;
}
