import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean, nearest } from "./suggestion.ts";

describe("a suggestion for a misspelt name", () => {
  const known = ["leaseMs", "renewMs", "level", "peers", "kind"];
  const table: readonly [string, string | undefined][] = [
    ["leasMs", "leaseMs"],
    ["leaseMS", "leaseMs"],
    ["laeseMs", "leaseMs"],
    ["lease_ms", "leaseMs"],
    ["LEVEL", "level"],
    ["levl", "level"],
    ["peer", "peers"],
    ["kidn", "kind"],
    ["knid", "kind"],
    ["colour", undefined],
    ["x", undefined],
    ["", undefined],
    ["leaseMsOfTheWholeRegistry", undefined],
  ];
  for (const [found, name] of table) {
    it(`${name === undefined ? "is missing" : `is ${name}`} for "${found}"`, () =>
      assert.equal(nearest(found, known), name));
  }

  it("is searched among the first 2,000 names", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => `unlike-${index}-anything`);
    assert.equal(nearest("levl", [...many.slice(1), "level"]), "level");
    assert.equal(nearest("levl", [...many, "level"]), undefined);
  });

  it("is missing for a text that is longer than names are", () => {
    const name = "a".repeat(200);
    assert.equal(nearest(`${name.slice(1)}b`, [name]), name);
    assert.equal(nearest(`${name}b`, [`${name}a`]), undefined);
  });

  it("is appended as a sentence, or is empty", () => {
    assert.equal(didYouMean("levl", known), ". Did you mean `level`?");
    assert.equal(didYouMean("colour", known), "");
  });
});
