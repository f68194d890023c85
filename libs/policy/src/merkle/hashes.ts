/**
 * What a Merkle tree is made of, as RFC 9162 (section 2.1) computes it. A leaf and a node are hashed with another first
 * byte each, so that one cannot pass as the other.
 */
import crypto from "node:crypto";

export const hashBytes = 32;

/** What is hashed of a leaf starts with it. */
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

/** The same of two hashes that lie one behind the other, as text of one character a byte. */
export function nodeText(both: Uint8Array): string {
  node.set(both, 1);
  return hashed(node, "binary");
}

/** Of the node that is hashed at the moment: there are as many of them as leaves. */
const node: Uint8Array = new Uint8Array(1 + 2 * hashBytes);
node[0] = 1;

/** One character a byte: asked for as a buffer, the memory for it costs more than a short hash does. */
export function hashOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(hashed(bytes, "binary"), "latin1");
}

/**
 * SHA-256 as text. Asked of the module and not imported by name: exports are verified on Node 18 too, which lacks it
 * until the command adds it.
 */
export function hashed(bytes: Uint8Array, encoding: "binary" | "base64"): string {
  return crypto.hash("sha256", bytes, encoding);
}

/** Root of the tree without leaves. */
export const emptyRoot: Uint8Array = hashOf(new Uint8Array(0));

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
