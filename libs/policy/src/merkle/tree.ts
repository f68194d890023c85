import { assert } from "@tutti/kernel";
import { emptyRoot, hashBytes, leafHash, nodeHash } from "./hashes.ts";

/**
 * A Merkle tree that only grows, and remembers all that it was.
 *
 * 1. Kept are the leaves' hashes and every node whose leaves are all there: such a node never changes. A level's nodes lie one
 *    behind the other, 64 bytes for a leaf in all.
 * 2. Whatever ends on the right in between is computed when it is asked for: a logarithm of nodes.
 */
export class MerkleTree {
  readonly #levels: HashRow[] = [];

  /** With these leaves. */
  static of(leaves: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.append(leaf);
    return tree;
  }

  /** How many leaves there are. */
  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  append(leaf: Uint8Array): void {
    this.appendHash(leafHash(leaf));
  }

  /** The same with a leaf that was hashed already. */
  appendHash(leaf: Uint8Array): void {
    let hash = leaf;
    for (let level = 0; ; level++) {
      const row = this.#row(level);
      row.push(hash);
      if (row.length % 2 === 1) return;
      hash = nodeHash(row.at(row.length - 2), row.at(row.length - 1));
    }
  }

  /** Root of the tree as it was when it had so many leaves. */
  rootAt(size: number = this.size): Uint8Array {
    this.#check(size);
    return size === 0 ? emptyRoot : this.#hashOf(0, size);
  }

  /** What is needed to compute the root from one leaf, from below. */
  inclusion(leaf: number, size: number = this.size): Uint8Array[] {
    this.#check(size);
    assert(leaf >= 0 && leaf < size, "a leaf is one of the tree's", { leaf, size });
    const path: Uint8Array[] = [];
    let begin = 0;
    let end = size;
    while (end - begin > 1) {
      const middle = begin + leftOf(end - begin);
      if (leaf < middle) {
        path.push(this.#hashOf(middle, end));
        end = middle;
      } else {
        path.push(this.#hashOf(begin, middle));
        begin = middle;
      }
    }
    return path.reverse();
  }

  /** What is needed to compute both the root of the first leaves and that of all from the same hashes. */
  consistency(first: number, size: number = this.size): Uint8Array[] {
    this.#check(size);
    assert(first > 0 && first <= size, "what is compared has leaves, and no more than the tree", {
      first,
      size,
    });
    const path: Uint8Array[] = [];
    let begin = 0;
    let end = size;
    /** Whether the part that is left begins the tree of the first leaves: then its root is known to who asks. */
    let isKnown = true;
    while (first !== end) {
      const middle = begin + leftOf(end - begin);
      if (first <= middle) {
        path.push(this.#hashOf(middle, end));
        end = middle;
      } else {
        path.push(this.#hashOf(begin, middle));
        begin = middle;
        isKnown = false;
      }
    }
    if (!isKnown) path.push(this.#hashOf(begin, end));
    return path.reverse();
  }

  /** Hash of the tree of the leaves from one up to another. */
  #hashOf(begin: number, end: number): Uint8Array {
    const width = end - begin;
    const level = Math.log2(width);
    if (Number.isInteger(level) && begin % width === 0) return this.#row(level).at(begin / width);
    const middle = begin + leftOf(width);
    return nodeHash(this.#hashOf(begin, middle), this.#hashOf(middle, end));
  }

  #row(level: number): HashRow {
    let row = this.#levels[level];
    if (row === undefined) {
      row = new HashRow();
      this.#levels[level] = row;
    }
    return row;
  }

  #check(size: number): void {
    assert(size >= 0 && size <= this.size, "nothing is known of what a tree will be", {
      size,
      has: this.size,
    });
  }
}

/** The greatest power of two below a width of at least two. */
function leftOf(width: number): number {
  return 2 ** Math.ceil(Math.log2(width) - 1);
}

/** Hashes, one behind the other. */
class HashRow {
  #bytes = new Uint8Array(hashBytes * 4);
  length = 0;

  push(hash: Uint8Array): void {
    const at = this.length * hashBytes;
    if (at === this.#bytes.length) {
      const grown = new Uint8Array(at * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(hash, at);
    this.length++;
  }

  at(index: number): Uint8Array {
    return this.#bytes.slice(index * hashBytes, (index + 1) * hashBytes);
  }
}
