import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { leafHash, nodeHash } from "./hashes.ts";
import { verifyConsistency, verifyInclusion } from "./proofs.ts";
import { MerkleTree } from "./tree.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** The test leaves of certificate transparency implementations, and the root after each. */
const published = [
  ["", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"],
  ["00", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
  ["10", "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"],
  ["2021", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"],
  ["3031", "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"],
  ["40414243", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"],
  ["5051525354555657", "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"],
  ["606162636465666768696a6b6c6d6e6f", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"],
] as const;

/** The definition, implemented literally. */
function plainRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return leafHash(only);
  let middle = 1;
  while (middle * 2 < leaves.length) middle *= 2;
  return nodeHash(plainRoot(leaves.slice(0, middle)), plainRoot(leaves.slice(middle)));
}

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => Buffer.from(`leaf ${index}`));

describe("a Merkle tree", () => {
  it("has the roots that are published for it", () => {
    const tree = new MerkleTree();
    assert.equal(hex(tree.rootAt()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (const [leaf, root] of published) {
      tree.append(Buffer.from(leaf, "hex"));
      assert.equal(hex(tree.rootAt()), root);
    }
  });

  it("has the root of every earlier size", () => {
    const leaves = leavesOf(70);
    const tree = MerkleTree.of(leaves);
    for (let size = 1; size <= leaves.length; size++)
      assert.equal(hex(tree.rootAt(size)), hex(plainRoot(leaves.slice(0, size))), `${size} leaves`);
  });

  it("proves every leaf at every size, and no other leaf", () => {
    const tree = MerkleTree.of(leavesOf(40));
    for (let size = 1; size <= 40; size++) {
      const root = tree.rootAt(size);
      for (let leaf = 0; leaf < size; leaf++) {
        const path = tree.inclusion(leaf, size);
        const hash = leafHash(Buffer.from(`leaf ${leaf}`));
        assert.ok(verifyInclusion(hash, { leaf, size }, path, root));
        assert.ok(!verifyInclusion(leafHash(Buffer.from("other")), { leaf, size }, path, root));
        assert.ok(!verifyInclusion(hash, { leaf, size }, [...path, hash], root), "a hash too many");
        if (size > 1) {
          assert.ok(!verifyInclusion(hash, { leaf: (leaf + 1) % size, size }, path, root), "another place");
          assert.ok(!verifyInclusion(hash, { leaf, size }, path.slice(1), root), "a hash too few");
        }
      }
    }
  });

  it("proves that every size contains every smaller size", () => {
    const tree = MerkleTree.of(leavesOf(40));
    for (let second = 1; second <= 40; second++)
      for (let first = 1; first <= second; first++) {
        const path = tree.consistency(first, second);
        const [before, after] = [first, second].map((size) => ({ size, root: tree.rootAt(size) }));
        assert.ok(before !== undefined && after !== undefined);
        assert.ok(verifyConsistency(before, after, path), `${first} in ${second}`);
        const other = { size: first, root: leafHash(Buffer.from("other")) };
        assert.ok(!verifyConsistency(other, after, path), `not another ${first} in ${second}`);
        assert.ok(!verifyConsistency(before, after, [...path, before.root]), "a hash too many");
      }
  });

  it("refuses any proof in which a byte is other than it was", () => {
    const tree = MerkleTree.of(leavesOf(300));
    fc.assert(
      fc.property(fc.nat(299), fc.nat(), fc.integer({ min: 1, max: 255 }), (leaf, place, flip) => {
        const size = Math.max(leaf + 1, 2);
        const path = tree.inclusion(leaf, size);
        const hash = leafHash(Buffer.from(`leaf ${leaf}`));
        const which = place % path.length;
        const spoiled = path.map((hash, index) => (index === which ? flipped(hash, place, flip) : hash));
        assert.ok(!verifyInclusion(hash, { leaf, size }, spoiled, tree.rootAt(size)));
      }),
    );
  });

  it("rejects proofs with invalid positions or sizes", () => {
    const root = MerkleTree.of(leavesOf(3)).rootAt();
    for (const [leaf, size] of [
      [-1, 3],
      [3, 3],
      [0.5, 3],
      [0, 0],
      [Number.NaN, Number.NaN],
      [0, 2 ** 60],
    ] as const)
      assert.ok(!verifyInclusion(root, { leaf, size }, [root], root));
    assert.ok(!verifyConsistency({ size: 0, root }, { size: 3, root }, []));
    assert.ok(!verifyConsistency({ size: 4, root }, { size: 3, root }, []));
    assert.ok(!verifyConsistency({ size: 3, root }, { size: 4, root }, []));
  });
});

function flipped(bytes: Uint8Array, place: number, flip: number): Uint8Array {
  const at = place % bytes.length;
  return bytes.map((byte, index) => (index === at ? byte ^ flip : byte));
}
