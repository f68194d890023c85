import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashBytes, hashOfBatch } from "../batch/hash.ts";
import { HashChain } from "./hash-chain.ts";

const room = 100;

function chainOn(group: Uint8Array): { readonly chain: HashChain; readonly hashes: Uint8Array } {
  const hashes = new Uint8Array(2 * hashBytes);
  const chain = new HashChain(hashes);
  chain.startGroup(group);
  return { chain, hashes };
}

function groupOf(text: string): Uint8Array {
  return new TextEncoder().encode(text.padEnd(2 * room, "."));
}

describe("the chain of hashes", () => {
  it("is computed on finish, from the batches added so far", () => {
    const group = groupOf("a batch, and another");
    const { chain, hashes } = chainOn(group);
    chain.add(1, 0, 8);
    assert.deepEqual(hashes, new Uint8Array(2 * hashBytes));
    chain.finish();
    assert.deepEqual(hashes.subarray(hashBytes), Uint8Array.from(hashOfBatch(group.subarray(0, 8))));
    assert.deepEqual(hashes.subarray(0, hashBytes), new Uint8Array(hashBytes));
  });

  it("names the batch before also within a group", () => {
    const group = groupOf("first");
    const { chain, hashes } = chainOn(group);
    chain.add(0, 0, 5);
    chain.name(0, room);
    const first = Uint8Array.from(hashOfBatch(group.subarray(0, 5)));
    assert.deepEqual(group.subarray(room, room + hashBytes), first);
    chain.add(0, room, room);
    chain.finish();
    assert.deepEqual(hashes.subarray(0, hashBytes), Uint8Array.from(hashOfBatch(group.subarray(room))));
  });

  it("computes the hashes of one group before the next starts", () => {
    const group = groupOf("one");
    const { chain, hashes } = chainOn(group);
    chain.add(0, 0, 3);
    chain.startGroup(groupOf("two"));
    group.fill(0);
    chain.finish();
    assert.deepEqual(
      hashes.subarray(0, hashBytes),
      Uint8Array.from(hashOfBatch(groupOf("one").subarray(0, 3))),
    );
  });
});
