/**
 * The hashes of a Merkle tree, as in RFC 9162 (section 2.1). Leaves and nodes are hashed with different first
 * bytes, so that one cannot pass as the other.
 */
import crypto from "node:crypto";

export const hashBytes = 32;

/** First byte of the input of a leaf hash. */
export const leafByte = 0;

export function leafHash(leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = leafByte;
  bytes.set(leaf, 1);
  return hashOf(bytes);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  node.set(left, 1);
  node.set(right, 1 + hashBytes);
  return hashOf(node);
}

/** Returns the hash of a node, of two concatenated hashes, as text of one character per byte. */
export function nodeText(both: Uint8Array): string {
  node.set(both, 1);
  return hashed(node, "binary");
}

/** Buffer for the node that is being hashed: there are as many nodes as leaves. */
const node: Uint8Array = new Uint8Array(1 + 2 * hashBytes);
node[0] = 1;

/** Returns a hash, requested as text of one character per byte: a buffer costs more than the hash. */
export function hashOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hashed(bytes, "binary"), "latin1");
}

/**
 * Returns SHA-256 as text. Called on the module and not imported by name: exports are verified on Node 18
 * too, which lacks it until the CLI adds it.
 */
export function hashed(bytes: Uint8Array, encoding: "binary" | "base64"): string {
  return crypto.hash("sha256", bytes, encoding);
}

/** Root of the tree without leaves. */
export const emptyRoot: Uint8Array = hashOf(new Uint8Array(0));

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
