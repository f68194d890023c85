import { assert } from "@tutti/kernel";
import { emptyRoot, hashBytes, leafHash, nodeHash, nodeText } from "./hashes.ts";

/**
 * A Merkle tree that only grows, and remembers all that it was.
 *
 * 1. Kept are the leaves' hashes and every node whose leaves are all there: such a node never changes. A level's nodes
 *    lie one behind the other, 64 bytes for a leaf in all.
 * 2. The incomplete nodes on the right are computed on request: a logarithm of nodes.
 */
export class MerkleTree {
  readonly #levels: HashRow[] = [];

  /** With these leaves. */
  static of(leaves: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.append(leaf);
    return tree;
  }

  /** One that continues from another: `parts` are those of its first leaves. Nothing before can be asked for. */
  static after(size: number, parts: readonly Uint8Array[]): MerkleTree {
    const tree = new MerkleTree();
    const left = [...parts];
    for (let rest = size, level = 0; rest > 0; rest = Math.floor(rest / 2), level++) {
      const part = rest % 2 === 1 ? left.pop() : undefined;
      assert(rest % 2 === 0 || part?.length === hashBytes, "each whole part has its root", { size, level });
      const row = new HashRow(part === undefined ? rest : rest - 1);
      if (part !== undefined) row.push(part);
      tree.#levels.push(row);
    }
    assert(left.length === 0, "there are no more roots than whole parts", { size, more: left.length });
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
    const row = this.#row(0);
    row.push(leaf);
    this.#grow(row);
  }

  /** The same with the hash as text of one character a byte. */
  appendText(leaf: string): void {
    const row = this.#row(0);
    row.pushText(leaf);
    this.#grow(row);
  }

  #grow(leaves: HashRow): void {
    let row = leaves;
    for (let level = 1; row.length % 2 === 0; level++) {
      const above = this.#row(level);
      above.pushText(nodeText(row.lastTwo()));
      row = above;
    }
  }

  /** Root of the tree as it was when it had so many leaves. */
  rootAt(size: number = this.size): Uint8Array {
    this.#check(size);
    return size === 0 ? emptyRoot : this.#hashOf(0, size);
  }

  /**
   * Roots of the whole parts that so many leaves are made of, the largest first: all that is needed to continue from
   * them.
   */
  parts(size: number = this.size): Uint8Array[] {
    this.#check(size);
    const parts: Uint8Array[] = [];
    for (let begin = 0; begin < size; ) {
      const width = 2 ** Math.floor(Math.log2(size - begin));
      parts.push(this.#hashOf(begin, begin + width));
      begin += width;
    }
    return parts;
  }

  /** The nodes to compute the root from one leaf, from below. */
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

  /** The nodes to compute both the root of the first leaves and that of all from the same hashes. */
  consistency(first: number, size: number = this.size): Uint8Array[] {
    this.#check(size);
    assert(first > 0 && first <= size, "what is compared has leaves, and no more than the tree", {
      first,
      size,
    });
    const path: Uint8Array[] = [];
    let begin = 0;
    let end = size;
    /**
     * Whether the part that is left starts the tree of the first leaves: then its root is known to the caller that
     * asks.
     */
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

/** Returns the greatest power of two below a width of at least two. */
function leftOf(width: number): number {
  return 2 ** Math.ceil(Math.log2(width) - 1);
}

/** Hashes, one behind the other. Those before the first are not known. */
class HashRow {
  readonly #first: number;
  #bytes = Buffer.alloc(hashBytes * 4);
  length: number;

  constructor(first = 0) {
    this.#first = first;
    this.length = first;
  }

  push(hash: Uint8Array): void {
    const at = this.#room();
    this.#bytes.set(hash, at);
  }

  /** One character a byte. */
  pushText(hash: string): void {
    const at = this.#room();
    this.#bytes.write(hash, at, "latin1");
  }

  at(index: number): Uint8Array {
    const at = this.#place(index);
    return new Uint8Array(this.#bytes.subarray(at, at + hashBytes));
  }

  /** Returns the last two in one, good until another is added. */
  lastTwo(): Uint8Array {
    const at = this.#place(this.length - 2);
    return this.#bytes.subarray(at, at + 2 * hashBytes);
  }

  /** Where the next one goes. */
  #room(): number {
    const at = (this.length - this.#first) * hashBytes;
    if (at === this.#bytes.length) {
      const grown = Buffer.alloc(at * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.length++;
    return at;
  }

  #place(index: number): number {
    assert(index >= this.#first, "nothing is known of what was before", { index, first: this.#first });
    return (index - this.#first) * hashBytes;
  }
}
