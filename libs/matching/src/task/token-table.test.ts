import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { TokenTable } from "./token-table.ts";

/** The tokens differ in few bits, so that many collide. */
const tokens = fc
  .tuple(fc.nat(40), fc.nat(3))
  .map(([low, high]) => Uint8Array.from({ length: 16 }, (_, at) => (at === 0 ? low : at === 12 ? high : 7)));

describe("TokenTable", () => {
  it("matches a map of strings while it grows and shrinks", () => {
    const operations = fc.array(fc.tuple(fc.constantFrom("set", "set", "delete"), tokens, fc.nat()), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(operations, fc.integer(), (steps, seed) => {
        const table = new TokenTable<number>(seed);
        const model = new Map<string, number>();
        for (const [kind, token, value] of steps) {
          const key = String(token);
          if (kind === "set") {
            table.set(token, value);
            model.set(key, value);
          } else assert.equal(table.delete(token), model.delete(key));
          assert.equal(table.size, model.size);
          assert.equal(table.get(token), model.get(key));
        }
        const sorted = (values: Iterable<number>) => [...values].sort((one, other) => one - other);
        assert.deepEqual(sorted(table.values()), sorted(model.values()));
      }),
      { numRuns: 50 },
    );
  });

  it("finds each of 10,000 tokens, and none after their removal", () => {
    const table = new TokenTable<number>(5);
    const tokens = Array.from({ length: 10_000 }, (_, number) => {
      const token = new Uint8Array(16);
      new DataView(token.buffer).setUint32(4, number);
      return token;
    });
    for (const [number, token] of tokens.entries()) table.set(token, number);
    for (const [number, token] of tokens.entries()) assert.equal(table.get(token.slice()), number);
    for (const token of tokens) table.delete(token);
    assert.deepEqual([...table.values()], []);
  });

  it("refuses a value that is not a token", () => {
    assert.throws(() => new TokenTable<number>(1).set(new Uint8Array(15), 1), /16 bytes/);
  });
});
