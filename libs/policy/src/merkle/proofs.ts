/**
 * Verifies proofs with only two roots, as in RFC 9162 (2.1.3.2, 2.1.4.2). A path is a claim of the prover, so
 * nothing in it is trusted: too many hashes are as wrong as too few.
 */
import { nodeHash, sameHash } from "./hashes.ts";

/** The position of a leaf in a tree of a given size. */
export interface LeafPlace {
  readonly leaf: number;
  readonly size: number;
}

/** Returns whether a leaf with this hash is at this position in the tree with this root. */
export function verifyInclusion(
  hash: Uint8Array,
  { leaf, size }: LeafPlace,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!Number.isSafeInteger(leaf) || !Number.isSafeInteger(size) || leaf < 0 || leaf >= size) return false;
  let [at, last] = [leaf, size - 1];
  let found = hash;
  for (const other of path) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      found = nodeHash(other, found);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      found = nodeHash(found, other);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(found, root);
}

/** A known tree: the number of leaves, and the root. */
export interface TreeHead {
  readonly size: number;
  readonly root: Uint8Array;
}

/** Returns whether the second tree starts with all leaves of the first, in the same order. */
export function verifyConsistency(first: TreeHead, second: TreeHead, path: readonly Uint8Array[]): boolean {
  const areSizes = Number.isSafeInteger(first.size) && Number.isSafeInteger(second.size);
  if (!areSizes || first.size < 1 || first.size > second.size) return false;
  if (first.size === second.size) return path.length === 0 && sameHash(first.root, second.root);
  // A first tree that is one complete node of the second is not repeated.
  const hashes = isPowerOfTwo(first.size) ? [first.root, ...path] : path;
  let [at, last] = [first.size - 1, second.size - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  const [start, ...others] = hashes;
  if (start === undefined) return false;
  let [ofFirst, ofSecond] = [start, start];
  for (const other of others) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      ofFirst = nodeHash(other, ofFirst);
      ofSecond = nodeHash(other, ofSecond);
      while (!isOdd(at) && at !== 0) [at, last] = [half(at), half(last)];
    } else {
      ofSecond = nodeHash(ofSecond, other);
    }
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && sameHash(ofFirst, first.root) && sameHash(ofSecond, second.root);
}

// Not with bit operations: numbers exceed 32 bits.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  let rest = value;
  while (rest > 1 && !isOdd(rest)) rest = half(rest);
  return rest === 1;
}
