import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Result } from "@tutti/contracts/agent/v1";
import { RelayedResults } from "./relayed-results.ts";

const tokenOf = (number: number) => new Uint8Array(16).fill(number);
const resultOf = (number: number) => Result.fromPartial({ token: tokenOf(number) });

function results(...numbers: readonly number[]) {
  const settled: number[] = [];
  const kept = new RelayedResults((token) => settled.push(token[0] ?? 0));
  for (const number of numbers) kept.add(resultOf(number));
  return { kept, settled };
}

describe("results of a relayed link", () => {
  it("are durable for the agent as the owner confirms them, cumulatively up to the first gap", () => {
    const { kept, settled } = results(1, 2, 3, 4);
    assert.deepEqual(kept.confirm(0, [3]), { resultsDurable: 0, resultsDurableBeyond: [3] });
    assert.deepEqual(kept.confirm(2, []), { resultsDurable: 3, resultsDurableBeyond: [] });
    assert.equal(kept.confirm(2, [3]), undefined);
    assert.deepEqual(settled, [3, 1, 2]);
    assert.ok(kept.has(tokenOf(4)));
    assert.ok(!kept.has(tokenOf(3)));
  });

  it("that are not durable are repeated on another stream, and counted there from 1", () => {
    const { kept } = results(1, 2, 3, 4);
    kept.confirm(1, [3]);
    assert.deepEqual(
      kept.restart().map(({ token }) => token[0]),
      [2, 4],
    );
    kept.add(resultOf(5));
    // The second result of this stream is the fourth of the agent.
    assert.deepEqual(kept.confirm(0, [2]), { resultsDurable: 1, resultsDurableBeyond: [4] });
    assert.deepEqual(kept.confirm(3, []), { resultsDurable: 5, resultsDurableBeyond: [] });
    assert.equal(kept.bytes, 0);
    assert.deepEqual(kept.restart(), []);
  });

  it("that were never sent cannot be durable", () => {
    const { kept } = results(1);
    assert.deepEqual(kept.confirm(7, [9]), { resultsDurable: 1, resultsDurableBeyond: [] });
    kept.add(resultOf(2));
    assert.ok(kept.has(tokenOf(2)));
  });
});
