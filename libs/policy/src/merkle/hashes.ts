/**
 * What a Merkle tree is made of, as RFC 9162 (section 2.1) computes it. A leaf and a node are hashed with another first
 * byte each, so that nobody can pass one off as the other.
 */
import { hash } from "node:crypto";

export const hashBytes = 32;

export function leafHash(leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes.set(leaf, 1);
  return hash("sha256", bytes, "buffer");
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + 2 * hashBytes);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 1 + hashBytes);
  return hash("sha256", bytes, "buffer");
}

/** Root of the tree without leaves. */
export const emptyRoot: Uint8Array = hash("sha256", new Uint8Array(0), "buffer");

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
