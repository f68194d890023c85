/**
 * Checkpoints: the signed positions of all journals at a time. The heads of all checkpoints, in order, are
 * the leaves of one tree. Each head has a tree of its own over the records since the one before.
 */
import {
  Checkpoint,
  type ConsistencyProof,
  type InclusionProof,
  JournalHead,
} from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { hashed, leafByte, leafHash, sameHash } from "../merkle/hashes.ts";
import { verifyConsistency, verifyInclusion } from "../merkle/proofs.ts";
import type { MerkleTree } from "../merkle/tree.ts";
import type { Signer } from "./signing.ts";
import type { TrustedKeys } from "./signing-keys.ts";

/** Number of bytes of a leaf with the place of its record. */
const placeBytes = 20;
/** Offset of the record in the input of its leaf hash, after the leaf mark and the place. */
export const recordFrom = 1 + placeBytes;

/** The place of a record in its journal. */
export interface RecordAt {
  readonly batch: number;
  readonly index: number;
}

/**
 * Returns a record as a leaf: the number of its batch, its index there and the time of the batch, big-endian,
 * then the encoded record.
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

/** Writes the place of a record, the beginning of its leaf. */
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

/** The view of the last bytes: many places are written into the same bytes. */
let lastView: DataView<ArrayBufferLike> = new DataView(new ArrayBuffer(0));

/** Returns the hash of a record as a leaf. */
export function recordHash(at: RecordAt & { readonly timeMs: number }, record: Uint8Array): Uint8Array {
  return Buffer.from(recordHashText(at, record), "latin1");
}

/** Returns the hash as text of one character per byte: the audit handles thousands of records. */
export function recordHashText(at: RecordAt & { readonly timeMs: number }, record: Uint8Array): string {
  const end = recordFrom + record.length;
  const leaf = end > room.length ? new Uint8Array(end) : room;
  leaf.set(record, recordFrom);
  return hashedLeaf(leaf, end, at, "binary");
}

/** Returns the hash of a record in a leaf buffer, from `recordFrom` to an end. Writes the part before it. */
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

/** Buffer for the leaf that is being hashed. A larger leaf has its own. */
const room = new Uint8Array(16_384);

/** `workflow/7/10423/3`: service, partition, batch and place in the batch. */
export function recordId(service: string, partition: number, { batch, index }: RecordAt): string {
  return `${service}/${partition}/${batch}/${index}`;
}

/** Returns the place in an id. Undefined for an invalid id. */
export function recordAt(id: string): (RecordAt & { service: string; partition: number }) | undefined {
  const found = /^([a-z][a-z0-9-]*)\/(\d{1,10})\/(\d{1,16})\/(\d{1,10})$/.exec(id);
  if (found === null) return;
  const [, service = "", partition, batch, index] = found;
  return { service, partition: Number(partition), batch: Number(batch), index: Number(index) };
}

export function headLeaf(head: JournalHead): Uint8Array {
  return JournalHead.encode(head).finish();
}

/** Returns the next signed checkpoint. Appends its heads to the tree. */
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

/** Returns why a checkpoint was not signed by the installation in this form. Undefined if it was. */
export function checkpointFault(checkpoint: Checkpoint, keys: TrustedKeys): string | undefined {
  const { signingKeyId, signature, createTime } = checkpoint;
  const timeMs = createTime === undefined ? 0 : fromTimestamp(createTime);
  return keys.fault({ signingKeyId, signature, timeMs }, "checkpoint", contentOf(checkpoint));
}

/** Returns why a record is not proved to be under its checkpoint. Undefined if it is. */
export function inclusionFault(proof: InclusionProof, keys: TrustedKeys): string | undefined {
  const { head, checkpoint } = proof;
  const at = recordAt(proof.recordId);
  if (at === undefined) return `expected the id of a record, got "${proof.recordId}"`;
  if (head === undefined || checkpoint === undefined) return "expected a head and a checkpoint, got none";
  if (head.service !== at.service || head.partition !== at.partition || head.batch < at.batch)
    return "the head is that of another journal, or of an earlier time";
  const signed = checkpointFault(checkpoint, keys);
  if (signed !== undefined) return signed;
  const record = recordHash({ ...at, timeMs: proof.timeMs }, proof.record);
  const among = { leaf: proof.recordLeaf, size: head.recordCount };
  if (!verifyInclusion(record, among, proof.recordPath, head.recordsRoot))
    return "the record is not, as it is here, among those of the head";
  const place = { leaf: proof.headLeaf, size: checkpoint.treeSize };
  if (!verifyInclusion(leafHash(headLeaf(head)), place, proof.headPath, checkpoint.rootHash))
    return "the head is not, as it is here, under the checkpoint";
  return;
}

/** Returns why a checkpoint is not proved to include all of an earlier one. Undefined if it is. */
export function consistencyFault(
  { first, second, path }: ConsistencyProof,
  keys: TrustedKeys,
): string | undefined {
  if (first === undefined || second === undefined) return "expected two checkpoints, got less";
  if (first.number > second.number) return "the first checkpoint is the later one";
  const signed = checkpointFault(first, keys) ?? checkpointFault(second, keys);
  if (signed !== undefined) return signed;
  // An empty tree has no leaf that could be missing.
  if (first.treeSize === 0) return;
  const [before, after] = [first, second].map(({ treeSize, rootHash }) => ({
    size: treeSize,
    root: rootHash,
  }));
  if (before !== undefined && after !== undefined && verifyConsistency(before, after, path)) return;
  return "the later checkpoint does not hold what the earlier one held";
}

/** Returns why the heads of a checkpoint do not continue earlier ones: journals only grow. */
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
  const unsigned = { heads: [], signature: new Uint8Array(0), signingKeyId: "" };
  return Checkpoint.encode({ number, createTime, treeSize, rootHash, ...unsigned }).finish();
}
