/** Compares the dashboard's check of proofs with proofs by the platform's own code. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkpointOf, MerkleTree, recordId, recordLeaf, signerOf } from "@tutti/policy/audit";
import type { InclusionProof, SigningKey } from "@tutti/rest/types";
import { stepsOf } from "./proof.ts";

type JournalHead = Parameters<typeof checkpointOf>[0]["heads"][number];

const startMs = 1_767_225_600_123;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const signer = signerOf(new Uint8Array(32).fill(7));
const keys: readonly SigningKey[] = [
  { signingKeyId: "key_1", publicKey: base64(signer.publicKey), startTimeMs: startMs - 1 },
];

/**
 * Two checkpoints over journals with the given numbers of records, and the proof of every record under the last one,
 * as in REST.
 */
function proofsOf(counts: readonly number[]): readonly InclusionProof[] {
  const tree = new MerkleTree();
  const result: {
    id: string;
    timeMs: number;
    bytes: Uint8Array;
    leaf: number;
    path: Uint8Array[];
    head: JournalHead;
    headLeaf: number;
  }[] = [];
  let checkpoint: ReturnType<typeof checkpointOf> | undefined;
  for (const number of [1, 2]) {
    const heads = counts.map((count, partition): JournalHead => {
      const records = Array.from({ length: count }, (_, index) => ({
        at: { batch: number * 1_000, index, timeMs: startMs + number + 0.25 },
        bytes: Buffer.from(`record ${number} ${partition} ${index}`),
      }));
      const own = MerkleTree.of(records.map(({ at, bytes }) => recordLeaf(at, bytes)));
      const head: JournalHead = {
        ...{ service: "workflow", partition, batch: number * 1_000, hash: new Uint8Array(32).fill(number) },
        ...{ recordCount: count, recordsRoot: own.rootAt() },
      };
      for (const [leaf, { at, bytes }] of records.entries())
        result.push({
          ...{ id: recordId("workflow", partition, at), timeMs: at.timeMs, bytes, leaf, head },
          ...{ path: own.inclusion(leaf), headLeaf: (number - 1) * counts.length + partition },
        });
      return head;
    });
    const atMs = startMs + number * 1_000;
    const createTime = { seconds: Math.floor(atMs / 1_000), nanos: (atMs % 1_000) * 1e6 };
    checkpoint = checkpointOf({ number, createTime, heads }, tree, { signingKeyId: "key_1", key: signer });
  }
  assert.ok(checkpoint !== undefined);
  const { number, treeSize, rootHash, signature, signingKeyId } = checkpoint;
  return result.map(({ id, timeMs, bytes, leaf, path, head, headLeaf }) => ({
    ...{ recordId: id, timeMs, record: base64(bytes), recordLeaf: leaf, headLeaf },
    recordPath: path.map(base64),
    headPath: tree.inclusion(headLeaf).map(base64),
    head: { ...head, hash: base64(head.hash), recordsRoot: base64(head.recordsRoot) },
    checkpoint: {
      ...{ number, treeSize, signingKeyId, createTimeMs: startMs + 2_000, heads: [] },
      ...{ rootHash: base64(rootHash), signature: base64(signature) },
    },
  }));
}

const faultsOf = async (proof: InclusionProof, trusted = keys) =>
  (await stepsOf(proof, trusted, crypto.subtle))
    .filter(({ fault }) => fault !== undefined)
    .map(({ name }) => name);

/** Another text of the same length that is base64 too. */
const other = (text = ""): string => `${text[0] === "A" ? "B" : "A"}${text.slice(1)}`;

describe("a proof that the page works out", () => {
  it("holds for every record in trees of any shape", async () => {
    for (const counts of [[1], [1, 2, 3], [4, 7, 8, 9, 16]])
      for (const proof of proofsOf(counts)) assert.deepEqual(await faultsOf(proof), [], proof.recordId);
  });

  const [, , , lastProof] = proofsOf([5, 6, 7]);
  assert.ok(lastProof?.head !== undefined && lastProof.checkpoint !== undefined);
  const { head, checkpoint } = lastProof;
  const wrongs: Readonly<Record<string, readonly [InclusionProof, readonly string[]]>> = {
    "the record is another": [{ ...lastProof, record: other(lastProof.record) }, ["record"]],
    "it was at another time": [{ ...lastProof, timeMs: (lastProof.timeMs ?? 0) + 1 }, ["record"]],
    "it has another place": [{ ...lastProof, recordId: "workflow/0/1000/4" }, ["record"]],
    "it is of another journal": [{ ...lastProof, recordId: "workflow/1/1000/3" }, ["record"]],
    "it claims to be another leaf": [{ ...lastProof, recordLeaf: 2 }, ["record"]],
    "its path is longer": [
      { ...lastProof, recordPath: [...lastProof.recordPath, ...lastProof.recordPath] },
      ["record"],
    ],
    "its path is shorter": [{ ...lastProof, recordPath: lastProof.recordPath.slice(1) }, ["record"]],
    "the head has another hash": [{ ...lastProof, head: { ...head, hash: other(head.hash) } }, ["head"]],
    "the head stands elsewhere": [{ ...lastProof, headLeaf: 1 }, ["head"]],
    "the root is another": [
      { ...lastProof, checkpoint: { ...checkpoint, rootHash: other(checkpoint.rootHash) } },
      ["head", "signature"],
    ],
    "the checkpoint has another number": [
      { ...lastProof, checkpoint: { ...checkpoint, number: 3 } },
      ["signature"],
    ],
    "the checkpoint was made at another time": [
      { ...lastProof, checkpoint: { ...checkpoint, createTimeMs: startMs + 2_001 } },
      ["signature"],
    ],
    "the signature is another": [
      { ...lastProof, checkpoint: { ...checkpoint, signature: other(checkpoint.signature) } },
      ["signature"],
    ],
    "somebody else signed": [
      { ...lastProof, checkpoint: { ...checkpoint, signingKeyId: "key_2" } },
      ["signature"],
    ],
  };
  for (const [scenario, [proof, faults]] of Object.entries(wrongs))
    it(`does not hold if ${scenario}`, async () => assert.deepEqual(await faultsOf(proof), faults));

  it("does not hold with a key that was not valid at the time, or without a head", async () => {
    const late = keys.map((key) => ({ ...key, startTimeMs: startMs + 60_000 }));
    assert.deepEqual(await faultsOf(lastProof, late), ["signature"]);
    const ended = keys.map((key) => ({ ...key, endTimeMs: startMs }));
    assert.deepEqual(await faultsOf(lastProof, ended), ["signature"]);
    const { head: _, ...headless } = lastProof;
    assert.deepEqual(await faultsOf(headless), ["record"]);
  });
});
