/** Checks a page that another process has made: only its signed content is trusted. */
import type { JournalHead, SigningKey } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import {
  checkpointFault,
  emptyRoot,
  headLeaf,
  type MerkleTree,
  recordHash,
  sameHash,
  TrustedKeys,
} from "@tutti/policy/audit";
import { auditErrors } from "../errors.ts";
import { recordsIn, summaryOf } from "./blocks.ts";
import type { AddedBlock, AddedPart } from "./book-store.ts";
import { leafAt, treeOf } from "./intake.ts";
import type { Page, PageBlock } from "./page.ts";
import { nameOf } from "./record.ts";

/** The book before the page. */
export interface Before {
  /** Number of the expected page. */
  readonly number: number;
  /** A copy of the tree: it contains the heads of the page afterwards. */
  readonly tree: MerkleTree;
  readonly ends: ReadonlyMap<string, JournalHead>;
  readonly keys: readonly SigningKey[];
  /** Records under checkpoints from this time on must exist. */
  readonly keptFromMs: number;
}

/** Records of each block of a page. Undefined for a removed block. */
export type PageRecords = readonly (Uint8Array | undefined)[];

const noBytes = new Uint8Array(0);

export function partsOf(page: Page, records: PageRecords, before: Before): AddedPart[] {
  const { checkpoint } = page;
  const { number, tree, keys } = before;
  const unsound = (found: string) => auditErrors.pageUnsound({ number, found });
  if (checkpoint.number !== number) throw unsound(`page ${checkpoint.number}`);
  const trusted = new TrustedKeys(keys[0]?.publicKey ?? noBytes, keys);
  const signed = checkpointFault(checkpoint, trusted);
  if (signed !== undefined)
    throw unsound(`another signature than of the key in governance.keysDirectory: ${signed}`);
  for (const head of checkpoint.heads) tree.append(headLeaf(head));
  if (tree.size !== checkpoint.treeSize || !sameHash(tree.rootAt(), checkpoint.rootHash))
    throw unsound("heads that do not follow on those of the page before");
  return checkpoint.heads.map((head, index) => {
    const leaves = page.leaves[index] ?? noBytes;
    const fault = headFault(head, leaves, before);
    if (fault !== undefined) throw unsound(fault);
    const blocks = page.blocks.flatMap((block, place) => {
      if (block.head !== index) return [];
      const createdMs = checkpoint.createTime === undefined ? 0 : fromTimestamp(checkpoint.createTime);
      const found = checkedBlock(block, records[place], leaves, createdMs < before.keptFromMs);
      if (found === undefined) throw unsound(`other records in ${block.object}, or none`);
      return [found];
    });
    return { head, leaves, blocks };
  });
}

function headFault(head: JournalHead, leaves: Uint8Array, { ends }: Before): string | undefined {
  const name = nameOf(head);
  const last = ends.get(name)?.batch ?? 0;
  if (head.batch <= last) return `the journal ${name} went back from batch ${last} to ${head.batch}`;
  const own = treeOf(leaves);
  const root = own.size === 0 ? emptyRoot : own.rootAt();
  if (own.size === head.recordCount && sameHash(root, head.recordsRoot)) return;
  return `other hashes of the records of ${name}`;
}

/** Returns undefined if its records are not those of the leaves. */
function checkedBlock(
  { first, records: count, firstMs, lastMs }: PageBlock,
  bytes: Uint8Array | undefined,
  leaves: Uint8Array,
  mayBeRemoved: boolean,
): AddedBlock | undefined {
  if (bytes === undefined) {
    if (!mayBeRemoved) return;
    const mentions = { namespaces: [], actors: undefined, actions: undefined };
    return { first, records: count, firstMs, lastMs, ...mentions, bytes };
  }
  const records = recordsIn(bytes);
  const areThose = records.every((record, index) =>
    sameHash(recordHash(record, record.encoded), leafAt(leaves, first + index)),
  );
  return areThose && records.length === count ? { ...summaryOf(first, records), bytes } : undefined;
}
