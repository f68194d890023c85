import { assert } from "@tutti/kernel";
import { emptyRoot, hashBytes, leafHash, nodeHash, nodeText } from "./hashes.ts";

/**
 * A Merkle tree that only grows, and keeps all its earlier states.
 *
 * 1. It keeps the hashes of the leaves and every complete node, which never changes. The nodes of a level are
 *    concatenated, in total 64 bytes per leaf.
 * 2. The incomplete nodes on the right are computed on request: a logarithm of nodes.
 */
export class MerkleTree {
  readonly #levels: HashRow[] = [];

  /** Returns a tree with these leaves. */
  static of(leaves: Iterable<Uint8Array>): MerkleTree {
    const tree = new MerkleTree();
    for (const leaf of leaves) tree.append(leaf);
    return tree;
  }

  /** Returns a tree that continues another one with `parts` of its first leaves, which cannot be read. */
  static after(size: number, parts: readonly Uint8Array[]): MerkleTree {
    const tree = new MerkleTree();
    const remaining = [...parts];
    for (let rest = size, level = 0; rest > 0; rest = Math.floor(rest / 2), level++) {
      const part = rest % 2 === 1 ? remaining.pop() : undefined;
      assert(rest % 2 === 0 || part?.length === hashBytes, "each whole part has its root", { size, level });
      const row = new HashRow(part === undefined ? rest : rest - 1);
      if (part !== undefined) row.push(part);
      tree.#levels.push(row);
    }
    assert(remaining.length === 0, "there are no more roots than whole parts", {
      size,
      more: remaining.length,
    });
    return tree;
  }

  /** Number of leaves. */
  get size(): number {
    return this.#levels[0]?.length ?? 0;
  }

  append(leaf: Uint8Array): void {
    this.appendHash(leafHash(leaf));
  }

  /** Appends a leaf that was already hashed. */
  appendHash(leaf: Uint8Array): void {
    const row = this.#row(0);
    row.push(leaf);
    this.#grow(row);
  }

  /** Appends a hash as text of one character per byte. */
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

  /** Returns the root of the tree with its first leaves. */
  rootAt(size: number = this.size): Uint8Array {
    this.#check(size);
    return size === 0 ? emptyRoot : this.#hashOf(0, size);
  }

  /**
   * Returns the roots of the complete parts of the first leaves, the largest first: sufficient to continue
   * from them.
   */
  parts(size: number = this.size): Uint8Array[] {
    this.#check(size);
    const parts: Uint8Array[] = [];
    for (let start = 0; start < size; ) {
      const width = 2 ** Math.floor(Math.log2(size - start));
      parts.push(this.#hashOf(start, start + width));
      start += width;
    }
    return parts;
  }

  /** Returns the nodes to compute the root from one leaf, from below. */
  inclusion(leaf: number, size: number = this.size): Uint8Array[] {
    this.#check(size);
    assert(leaf >= 0 && leaf < size, "a leaf is one of the tree's", { leaf, size });
    const path: Uint8Array[] = [];
    let start = 0;
    let end = size;
    while (end - start > 1) {
      const middle = start + leftWidth(end - start);
      if (leaf < middle) {
        path.push(this.#hashOf(middle, end));
        end = middle;
      } else {
        path.push(this.#hashOf(start, middle));
        start = middle;
      }
    }
    return path.reverse();
  }

  /** Returns the nodes to compute both the root of the first leaves and that of all from the same hashes. */
  consistency(first: number, size: number = this.size): Uint8Array[] {
    this.#check(size);
    assert(first > 0 && first <= size, "the first size is at least 1 and at most the size of the tree", {
      first,
      size,
    });
    const path: Uint8Array[] = [];
    let start = 0;
    let end = size;
    /** Whether the remaining part starts the tree of the first leaves: then the caller knows its root. */
    let isKnown = true;
    while (first !== end) {
      const middle = start + leftWidth(end - start);
      if (first <= middle) {
        path.push(this.#hashOf(middle, end));
        end = middle;
      } else {
        path.push(this.#hashOf(start, middle));
        start = middle;
        isKnown = false;
      }
    }
    if (!isKnown) path.push(this.#hashOf(start, end));
    return path.reverse();
  }

  /** Returns the hash of the tree of a range of leaves. */
  #hashOf(start: number, end: number): Uint8Array {
    const width = end - start;
    const level = Math.log2(width);
    if (Number.isInteger(level) && start % width === 0) return this.#row(level).at(start / width);
    const middle = start + leftWidth(width);
    return nodeHash(this.#hashOf(start, middle), this.#hashOf(middle, end));
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
    assert(size >= 0 && size <= this.size, "the size is at most the current size of the tree", {
      size,
      has: this.size,
    });
  }
}

/** Returns the largest power of two below a width of at least two. */
function leftWidth(width: number): number {
  return 2 ** Math.ceil(Math.log2(width) - 1);
}

/** Concatenated hashes. Those before the first are unknown. */
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

  /** Appends a hash with one character per byte. */
  pushText(hash: string): void {
    const at = this.#room();
    this.#bytes.write(hash, at, "latin1");
  }

  at(index: number): Uint8Array {
    const at = this.#place(index);
    return new Uint8Array(this.#bytes.subarray(at, at + hashBytes));
  }

  /** Returns the last two hashes concatenated, valid until another is added. */
  lastTwo(): Uint8Array {
    const at = this.#place(this.length - 2);
    return this.#bytes.subarray(at, at + 2 * hashBytes);
  }

  /** Returns the offset of the next hash. */
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
    assert(index >= this.#first, "the index is not before the first retained leaf", {
      index,
      first: this.#first,
    });
    return (index - this.#first) * hashBytes;
  }
}
