import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type {
  Checkpoint,
  ConsistencyProof,
  InclusionProof,
  JournalHead,
  SigningKey,
} from "@tutti/contracts/governance/v1";
import { toTimestamp } from "@tutti/kernel";
import fc from "fast-check";
import { MerkleTree } from "../merkle/tree.ts";
import {
  checkpointFault,
  checkpointOf,
  consistencyFault,
  headsFault,
  inclusionFault,
  recordAt,
  recordId,
  recordLeaf,
} from "./checkpoints.ts";
import { type Signer, signerOf, verifySignature } from "./signing.ts";
import { endorsed, TrustedKeys } from "./signing-keys.ts";

const startMs = 1_767_225_600_000;
const keyOf = (number: number): Signer => signerOf(new Uint8Array(32).fill(number));

/** Returns an installation with two keys, three checkpoints, and the proofs of each of its records. */
function installation() {
  const [one, two] = [keyOf(1), keyOf(2)];
  const first: SigningKey = {
    ...{ signingKeyId: "one", publicKey: one.publicKey, startTime: toTimestamp(startMs) },
    ...{ endTime: toTimestamp(startMs + 1_500), endorsement: new Uint8Array(0) },
  };
  const second = endorsed(
    { signingKeyId: "two", publicKey: two.publicKey, startTime: toTimestamp(startMs + 1_500) },
    one,
  );
  const tree = new MerkleTree();
  const checkpoints: Checkpoint[] = [];
  const proofs: ((at: Checkpoint) => InclusionProof)[] = [];
  for (let number = 1; number <= 3; number++) {
    const heads: JournalHead[] = [];
    for (const [partition, count] of [
      [0, 3],
      [1, 5],
    ] as const) {
      const records = Array.from({ length: count }, (_, index) => {
        const at = { batch: number * 10, index, timeMs: startMs + number };
        return { at, bytes: Buffer.from(`record ${number} ${partition} ${index}`) };
      });
      const inner = MerkleTree.of(records.map(({ at, bytes }) => recordLeaf(at, bytes)));
      const head: JournalHead = {
        ...{ service: "workflow", partition, batch: number * 10, hash: new Uint8Array(32).fill(number) },
        ...{ recordCount: count, recordsRoot: inner.rootAt() },
      };
      const headLeafAt = tree.size + heads.length;
      heads.push(head);
      for (const [leaf, { at, bytes }] of records.entries())
        proofs.push((checkpoint) => ({
          ...{ recordId: recordId("workflow", partition, at), timeMs: at.timeMs, record: bytes },
          recordLeaf: leaf,
          ...{ recordPath: inner.inclusion(leaf), head, headLeaf: headLeafAt },
          headPath: tree.inclusion(headLeafAt, checkpoint.treeSize),
          checkpoint: { ...checkpoint, heads: [] },
        }));
    }
    const createTime = toTimestamp(startMs + number * 1_000);
    const key = number === 1 ? { signingKeyId: "one", key: one } : { signingKeyId: "two", key: two };
    checkpoints.push(checkpointOf({ number, createTime, heads }, tree, key));
  }
  const keys = [first, second];
  return { keys, trusted: new TrustedKeys(one.publicKey, keys), tree, checkpoints, proofs, one, two };
}

describe("checkpoints", () => {
  it("are valid for a reader that knows only the first key, with any later key", () => {
    const { trusted, checkpoints } = installation();
    assert.deepEqual(trusted.faults, []);
    for (const checkpoint of checkpoints) assert.equal(checkpointFault(checkpoint, trusted), undefined);
  });

  it("are invalid if any signed field was changed", () => {
    const { trusted, checkpoints } = installation();
    const [checkpoint] = checkpoints;
    assert.ok(checkpoint !== undefined);
    const others: Partial<Checkpoint>[] = [
      { number: 2 },
      { createTime: toTimestamp(startMs + 1_001) },
      { treeSize: checkpoint.treeSize + 1 },
      { rootHash: new Uint8Array(32) },
      { signature: new Uint8Array(64) },
      { signature: new Uint8Array(0) },
    ];
    for (const other of others)
      assert.match(
        checkpointFault({ ...checkpoint, ...other }, trusted) ?? "",
        /signature is not that of the key "one"/,
      );
    assert.match(
      checkpointFault({ ...checkpoint, signingKeyId: "three" }, trusted) ?? "",
      /got one with "three"/,
    );
  });

  it("are refused from a key outside of its time", () => {
    const { trusted, tree, one } = installation();
    const late = { number: 4, createTime: toTimestamp(startMs + 9_000), heads: [] };
    const checkpoint = checkpointOf(late, tree, { signingKeyId: "one", key: one });
    assert.equal(checkpointFault(checkpoint, trusted), "the key did not sign any more then");
  });

  it("prove each record, by its own checkpoint and by every later one", () => {
    const { trusted, checkpoints, proofs } = installation();
    for (const [index, proofOf] of proofs.entries())
      for (const checkpoint of checkpoints.slice(Math.floor(index / 8)))
        assert.equal(inclusionFault(proofOf(checkpoint), trusted), undefined);
  });

  it("do not prove a record that was changed, moved, or replaced by another", () => {
    const { trusted, checkpoints, proofs } = installation();
    const checkpoint = checkpoints.at(-1);
    const [proofOf] = proofs;
    assert.ok(checkpoint !== undefined && proofOf !== undefined);
    const proof = proofOf(checkpoint);
    const spoiled: [Partial<InclusionProof>, RegExp][] = [
      [{ record: Buffer.from("record 1 0 9") }, /not, as it is here, among those/],
      [{ recordLeaf: 1 }, /among those/],
      [{ timeMs: startMs }, /among those/],
      [{ recordId: "workflow/0/10/1" }, /among those/],
      [{ recordId: "workflow/1/10/0" }, /another journal/],
      [{ recordId: "workflow/0/11/0" }, /earlier time/],
      [{ recordId: "../../etc" }, /expected the id of a record/],
      [{ headLeaf: 1 }, /under the checkpoint/],
      [{ headPath: [] }, /under the checkpoint/],
      [{ head: undefined }, /got none/],
      [{ checkpoint: { ...checkpoint, treeSize: 5 } }, /signature/],
    ];
    for (const [change, pattern] of spoiled)
      assert.match(inclusionFault({ ...proof, ...change }, trusted) ?? "", pattern);
  });

  it("prove that later checkpoints contain earlier ones, and reject a forked history", () => {
    const { trusted, checkpoints, tree, two } = installation();
    const [first, , third] = checkpoints;
    assert.ok(first !== undefined && third !== undefined);
    const proof: ConsistencyProof = {
      first,
      second: third,
      path: tree.consistency(first.treeSize, third.treeSize),
    };
    assert.equal(consistencyFault(proof, trusted), undefined);
    assert.match(consistencyFault({ ...proof, first: third, second: first }, trusted) ?? "", /later one/);
    const fork = MerkleTree.of(Array.from({ length: 9 }, (_, index) => Buffer.from(`fork ${index}`)));
    const forked = checkpointOf({ number: 4, createTime: third.createTime, heads: third.heads }, fork, {
      signingKeyId: "two",
      key: two,
    });
    const path = fork.consistency(first.treeSize);
    assert.match(consistencyFault({ first, second: forked, path }, trusted) ?? "", /does not hold what/);
  });

  it("detect a journal that was reset or replaced", () => {
    const { checkpoints } = installation();
    const [first, second] = checkpoints;
    assert.ok(first !== undefined && second !== undefined);
    const before = new Map(second.heads.map((head) => [`${head.service}/${head.partition}`, head]));
    assert.equal(headsFault(second.heads, before), undefined);
    assert.match(headsFault(first.heads, before) ?? "", /was at batch 20, and is at 10/);
    const [head] = second.heads;
    assert.ok(head !== undefined);
    assert.match(
      headsFault([{ ...head, hash: new Uint8Array(32) }], before) ?? "",
      /another one than it was/,
    );
  });
});

describe("signing keys", () => {
  it("are not trusted after an invalid endorsement", () => {
    const { keys, one } = installation();
    const [first, second] = keys;
    assert.ok(first !== undefined && second !== undefined);
    const forged = endorsed({ ...second, publicKey: keyOf(9).publicKey }, keyOf(9));
    const trusted = new TrustedKeys(one.publicKey, [first, forged]);
    assert.deepEqual(trusted.faults, [
      { signingKeyId: "two", message: "the key before did not endorse this one" },
    ]);
    assert.equal(
      new TrustedKeys(keyOf(9).publicKey, keys).faults[0]?.message,
      "the trusted key is not among the keys",
    );
  });

  it("sign one kind of content only, and any other bytes are an invalid signature", () => {
    const key = keyOf(1);
    const content = Buffer.from("content");
    const signature = key.sign("bundle", content);
    assert.ok(verifySignature(key.publicKey, signature, "bundle", content));
    assert.ok(!verifySignature(key.publicKey, signature, "checkpoint", content));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ maxLength: 40 }), (bytes, publicKey) => {
        assert.ok(!verifySignature(key.publicKey, bytes, "bundle", content));
        assert.equal(typeof verifySignature(publicKey, bytes, "bundle", content), "boolean");
      }),
    );
    assert.throws(() => signerOf(new Uint8Array(31)), /a seed of 32 bytes, got 31/);
  });
});

describe("the id of a record", () => {
  it("contains its position, and any other text is invalid", () => {
    assert.deepEqual(recordAt("workflow/7/10423/3"), {
      service: "workflow",
      partition: 7,
      batch: 10_423,
      index: 3,
    });
    for (const id of [
      "",
      "workflow/7/10423",
      "workflow/-1/2/3",
      "workflow/1/2/3/4",
      "Work/1/2/3",
      "workflow/1/1e3/1",
    ])
      assert.equal(recordAt(id), undefined, id);
  });
});
