/**
 * Checkpoints: where all journals was at a time, signed. The heads of all checkpoints, in order, are the leaves of
 * one tree. Each head has a tree of its own over the records since the one before.
 */
import {
  Checkpoint,
  type ConsistencyProof,
  type InclusionProof,
  JournalHead,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { hashed, leafByte, leafHash, sameHash } from "../merkle/hashes.ts";
import { holdsConsistency, holdsInclusion } from "../merkle/proofs.ts";
import type { MerkleTree } from "../merkle/tree.ts";
import type { Signer } from "./signing.ts";
import type { TrustedKeys } from "./signing-keys.ts";

/** So many bytes of a leaf are where its record is. */
const placeBytes = 20;
/** Before a record that is hashed as a leaf: that it is a leaf and no node, and where it is. */
export const recordFrom = 1 + placeBytes;

/** Where a record is in its journal. */
export interface RecordAt {
  readonly batch: number;
  readonly index: number;
}

/**
 * A record as a leaf: the number of its batch, its place there and the time of the batch, big-endian, then the record
 * as it was encoded.
 */
export function recordLeaf(
  { batch, index, timeMs }: RecordAt & { readonly timeMs: number },
  record: Uint8Array,
): Uint8Array {
  const leaf = new Uint8Array(placeBytes + record.length);
  writePlace(leaf, 0, { batch, index, timeMs });
  leaf.set(record, placeBytes);
  return leaf;
}

/** Where a record is, as a leaf starts with it. */
function writePlace(
  bytes: Uint8Array,
  from: number,
  { batch, index, timeMs }: RecordAt & { readonly timeMs: number },
): void {
  if (bytes.buffer !== lastView.buffer) lastView = new DataView(bytes.buffer);
  const at = bytes.byteOffset + from;
  lastView.setUint32(at, Math.floor(batch / 2 ** 32));
  lastView.setUint32(at + 4, batch >>> 0);
  lastView.setUint32(at + 8, index);
  lastView.setFloat64(at + 12, timeMs);
}

/** Many places are written into the same bytes. */
let lastView: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));

/** Hash of a record as a leaf. */
export function recordHash(at: RecordAt & { readonly timeMs: number }, record: Uint8Array): Uint8Array {
  return Buffer.from(recordHashText(at, record), "latin1");
}

/** The same as text of one character a byte: what the audit takes in, it takes in by thousands. */
export function recordHashText(at: RecordAt & { readonly timeMs: number }, record: Uint8Array): string {
  const end = recordFrom + record.length;
  const leaf = end > room.length ? new Uint8Array(end) : room;
  leaf.set(record, recordFrom);
  return hashedLeaf(leaf, end, at, "binary");
}

/** Hash of a record that lies in a leaf, from `recordFrom` to an end. The part before it is written. */
export function hashedLeaf(
  leaf: Uint8Array,
  end: number,
  at: RecordAt & { readonly timeMs: number },
  encoding: "binary" | "base64",
): string {
  leaf[0] = leafByte;
  writePlace(leaf, 1, at);
  return hashed(leaf.subarray(0, end), encoding);
}

/** For the leaf that is hashed at the moment, where it is none of the large ones. */
const room = new Uint8Array(16_384);

/** `workflow/7/10423/3`: service, partition, batch and place in the batch. */
export function recordId(service: string, partition: number, { batch, index }: RecordAt): string {
  return `${service}/${partition}/${batch}/${index}`;
}

/** What an id names. Undefined when it is none. */
export function recordAt(id: string): (RecordAt & { service: string; partition: number }) | undefined {
  const found = /^([a-z][a-z0-9-]*)\/(\d{1,10})\/(\d{1,16})\/(\d{1,10})$/.exec(id);
  if (found === null) return;
  const [, service = "", partition, batch, index] = found;
  return { service, partition: Number(partition), batch: Number(batch), index: Number(index) };
}

export function headLeaf(head: JournalHead): Uint8Array {
  return JournalHead.encode(head).finish();
}

/** Returns the checkpoint after those whose heads are in the tree already, signed. Its heads are in the tree then. */
export function checkpointOf(
  { number, createTime, heads }: Pick<Checkpoint, "number" | "createTime" | "heads">,
  tree: MerkleTree,
  signer: { readonly signingKeyId: string; readonly key: Signer },
): Checkpoint {
  for (const head of heads) tree.append(headLeaf(head));
  const bare = { number, createTime, treeSize: tree.size, rootHash: tree.rootAt() };
  const signature = signer.key.sign("checkpoint", contentOf(bare));
  return { ...bare, heads, signature, signingKeyId: signer.signingKeyId };
}

/** Why a checkpoint is not what the installation signed. Undefined when it is. */
export function checkpointFault(checkpoint: Checkpoint, keys: TrustedKeys): string | undefined {
  const { signingKeyId, signature, createTime } = checkpoint;
  const timeMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return keys.fault({ signingKeyId, signature, timeMs }, "checkpoint", contentOf(checkpoint));
}

/** Why a record is not proved to be under its checkpoint. Undefined when it is. */
export function inclusionFault(proof: InclusionProof, keys: TrustedKeys): string | undefined {
  const { head, checkpoint } = proof;
  const at = recordAt(proof.recordId);
  if (at === undefined) return `expected the id of a record, found "${proof.recordId}"`;
  if (head === undefined || checkpoint === undefined) return "expected a head and a checkpoint, found none";
  if (head.service !== at.service || head.partition !== at.partition || head.batch < at.batch)
    return "the head is that of another journal, or of an earlier time";
  const signed = checkpointFault(checkpoint, keys);
  if (signed !== undefined) return signed;
  const record = recordHash({ ...at, timeMs: proof.timeMs }, proof.record);
  const among = { leaf: proof.recordLeaf, size: head.recordCount };
  if (!holdsInclusion(record, among, proof.recordPath, head.recordsRoot))
    return "the record is not, as it is here, among those of the head";
  const place = { leaf: proof.headLeaf, size: checkpoint.treeSize };
  if (!holdsInclusion(leafHash(headLeaf(head)), place, proof.headPath, checkpoint.rootHash))
    return "the head is not, as it is here, under the checkpoint";
  return;
}

/** Why a checkpoint is not proved to hold all that an earlier one held. Undefined when it is. */
export function consistencyFault(
  { first, second, path }: ConsistencyProof,
  keys: TrustedKeys,
): string | undefined {
  if (first === undefined || second === undefined) return "expected two checkpoints, found less";
  if (first.number > second.number) return "the first checkpoint is the later one";
  const signed = checkpointFault(first, keys) ?? checkpointFault(second, keys);
  if (signed !== undefined) return signed;
  // Nothing is under an empty tree that could be missing from another.
  if (first.treeSize === 0) return;
  const [before, after] = [first, second].map(({ treeSize, rootHash }) => ({
    size: treeSize,
    root: rootHash,
  }));
  if (before !== undefined && after !== undefined && holdsConsistency(before, after, path)) return;
  return "the later checkpoint does not hold what the earlier one held";
}

/**
 * Returns why the heads of a checkpoint do not continue those before: each journal only grows, and keeps its records.
 */
export function headsFault(
  heads: readonly JournalHead[],
  before: ReadonlyMap<string, JournalHead>,
): string | undefined {
  for (const head of heads) {
    const known = before.get(`${head.service}/${head.partition}`);
    if (known === undefined) continue;
    const name = `${head.service}/${head.partition}`;
    if (head.batch < known.batch) return `${name} was at batch ${known.batch}, and is at ${head.batch}`;
    if (head.batch === known.batch && !sameHash(head.hash, known.hash))
      return `batch ${head.batch} of ${name} is another one than it was`;
  }
  return;
}

function contentOf({
  number,
  createTime,
  treeSize,
  rootHash,
}: Pick<Checkpoint, "number" | "createTime" | "treeSize" | "rootHash">): Uint8Array {
  const none = { heads: [], signature: new Uint8Array(0), signingKeyId: "" };
  return Checkpoint.encode({ number, createTime, treeSize, rootHash, ...none }).finish();
}
