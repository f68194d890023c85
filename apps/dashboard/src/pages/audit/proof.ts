/**
 * Checks the proof of a record in this browser, without trust in the platform: the record's leaf, the tree of its
 * head, the tree of heads (RFC 9162), and the signature of the checkpoint. An independent implementation of the check
 * in `libs/policy`. A test compares both.
 */
import type { Checkpoint, InclusionProof, JournalHead, SigningKey } from "@tutti/rest/types";
import { type Bytes, bytesOf, encoded, joined, same, textBytes } from "./bytes.ts";

/** The browser APIs that a check needs. */
export type Crypto = Pick<SubtleCrypto, "digest" | "importKey" | "verify">;

type StepName = "record" | "head" | "signature";

/** One link of the proof, and its problem. Undefined if it holds. */
export interface Step {
  readonly name: StepName;
  readonly text: string;
  readonly fault: string | undefined;
}

export async function stepsOf(
  proof: InclusionProof,
  keys: readonly SigningKey[],
  crypto: Crypto,
): Promise<readonly Step[]> {
  const { head, checkpoint } = proof;
  const named = placeOf(proof.recordId);
  if (head === undefined || checkpoint === undefined || named === undefined)
    return [{ name: "record", text: "", fault: "the proof has no record, no head or no checkpoint" }];
  const [recordFault, headFault, signatureFault] = await Promise.all([
    ofRecord(proof, head, named, crypto),
    ofHead(proof, head, checkpoint, crypto),
    ofSignature(checkpoint, keys, crypto),
  ]);
  return [
    {
      name: "record",
      text: `The record is number ${(proof.recordLeaf ?? 0) + 1} of ${head.recordCount ?? 0} of its head.`,
      fault: recordFault,
    },
    {
      name: "head",
      text: `The head of the journal ${head.service}/${head.partition ?? 0} is number ${(proof.headLeaf ?? 0) + 1} of ${checkpoint.treeSize ?? 0} under the checkpoint.`,
      fault: headFault,
    },
    {
      name: "signature",
      text: `Checkpoint ${checkpoint.number ?? 0} is signed with the key ${checkpoint.signingKeyId}.`,
      fault: signatureFault,
    },
  ];
}

interface Place {
  readonly service: string;
  readonly partition: number;
  readonly batch: number;
  readonly index: number;
}

function placeOf(recordId = ""): Place | undefined {
  const found = /^([a-z][a-z0-9-]*)\/(\d{1,10})\/(\d{1,16})\/(\d{1,10})$/.exec(recordId);
  if (found === null) return;
  const [, service = "", partition, batch, index] = found;
  return { service, partition: Number(partition), batch: Number(batch), index: Number(index) };
}

async function ofRecord(
  proof: InclusionProof,
  head: JournalHead,
  { service, partition, batch, index }: Place,
  crypto: Crypto,
): Promise<string | undefined> {
  if (head.service !== service || (head.partition ?? 0) !== partition || (head.batch ?? 0) < batch)
    return "the head belongs to another journal or an earlier time";
  const place = new Uint8Array(20);
  const view = new DataView(place.buffer);
  view.setBigUint64(0, BigInt(batch));
  view.setUint32(8, index);
  view.setFloat64(12, proof.timeMs ?? 0);
  const leaf = joined(place, bytesOf(proof.record));
  const among = { leaf: proof.recordLeaf ?? 0, size: head.recordCount ?? 0 };
  const isValid = await isUnder(leaf, among, proof.recordPath, head.recordsRoot, crypto);
  return isValid ? undefined : "the head does not contain this record";
}

async function ofHead(
  proof: InclusionProof,
  head: JournalHead,
  checkpoint: Checkpoint,
  crypto: Crypto,
): Promise<string | undefined> {
  const leaf = joined(
    encoded.text(1, head.service ?? ""),
    encoded.whole(2, head.partition ?? 0),
    encoded.double(3, head.batch ?? 0),
    encoded.bytes(4, bytesOf(head.hash)),
    encoded.double(5, head.recordCount ?? 0),
    encoded.bytes(6, bytesOf(head.recordsRoot)),
  );
  const among = { leaf: proof.headLeaf ?? 0, size: checkpoint.treeSize ?? 0 };
  const isValid = await isUnder(leaf, among, proof.headPath, checkpoint.rootHash, crypto);
  return isValid ? undefined : "the checkpoint does not contain this head";
}

async function ofSignature(
  checkpoint: Checkpoint,
  keys: readonly SigningKey[],
  crypto: Crypto,
): Promise<string | undefined> {
  const { number = 0, createTimeMs = 0, treeSize = 0, rootHash, signature, signingKeyId = "" } = checkpoint;
  const key = keys.find((each) => each.signingKeyId === signingKeyId);
  if (key === undefined) return `key ${signingKeyId} not found`;
  if (createTimeMs < (key.startTimeMs ?? 0)) return "the key was not active yet";
  if (key.endTimeMs !== undefined && createTimeMs > key.endTimeMs) return "the key was no longer active";
  const content = joined(
    textBytes("tutti checkpoint v1\n"),
    encoded.double(1, number),
    encoded.moment(2, createTimeMs),
    encoded.double(4, treeSize),
    encoded.bytes(5, bytesOf(rootHash)),
  );
  const publicKey = await crypto
    .importKey("raw", bytesOf(key.publicKey), { name: "Ed25519" }, false, ["verify"])
    .catch(() => undefined);
  if (publicKey === undefined) return "this browser does not support Ed25519. Use tutti audit verify";
  const isValid = await crypto.verify({ name: "Ed25519" }, publicKey, bytesOf(signature), content);
  return isValid ? undefined : `the signature does not match key ${signingKeyId}`;
}

/** Returns whether a leaf is at its claimed place in the tree with this root (RFC 9162, 2.1.3.2). */
async function isUnder(
  leaf: Bytes,
  place: { readonly leaf: number; readonly size: number },
  path: readonly string[],
  root: string | undefined,
  crypto: Crypto,
): Promise<boolean> {
  if (place.leaf < 0 || place.leaf >= place.size) return false;
  const sha256 = async (...parts: readonly Bytes[]) =>
    new Uint8Array(await crypto.digest("SHA-256", joined(...parts)));
  const [leafMark, nodeMark] = [Uint8Array.of(0), Uint8Array.of(1)];
  let [at, last] = [place.leaf, place.size - 1];
  let found = await sha256(leafMark, leaf);
  for (const text of path) {
    if (last === 0) return false;
    const other = bytesOf(text);
    if (at % 2 === 1 || at === last) {
      found = await sha256(nodeMark, other, found);
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
    } else {
      found = await sha256(nodeMark, found, other);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(found, bytesOf(root));
}
