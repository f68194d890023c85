import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Holder } from "../table/picture.ts";
import { type Judgement, overdue } from "./judgement.ts";

const leaseMs = 1_200;
const retryMaxMs = 1_000;

function gone(heardMs: number, judgement: Partial<Judgement> & Pick<Judgement, "writing">): boolean {
  const holder = { id: "b-1", heardMs } as Holder;
  return overdue([holder], { self: "a-1", leaseMs, retryMaxMs, nowMs: 10_000, ...judgement }).length > 0;
}

describe("a process that has not renewed its lease", () => {
  const writing = { sinceMs: 0, lastMs: 9_900, wasAway: false };

  it("is gone a lease time after it was heard of", () => {
    assert.equal(gone(10_000 - leaseMs, { writing }), true);
    assert.equal(gone(10_000 - leaseMs + 1, { writing }), false);
  });

  it("is not judged by itself, nor by who cannot write", () => {
    assert.equal(gone(0, { writing, self: "b-1" }), false);
    assert.equal(gone(0, { writing: undefined }), false);
    assert.equal(gone(0, { writing: { ...writing, lastMs: 10_000 - leaseMs } }), false);
  });

  it("had a lease time in which the caller that judges could write", () => {
    assert.equal(gone(0, { writing: { ...writing, sinceMs: 10_000 - leaseMs } }), true);
    assert.equal(gone(0, { writing: { ...writing, sinceMs: 10_000 - leaseMs + 1 } }), false);
  });

  it("had an attempt without an answer and the longest pause besides where the store was away", () => {
    const sinceMs = 10_000 - leaseMs - leaseMs / 2 - retryMaxMs;
    assert.equal(gone(0, { writing: { ...writing, sinceMs, wasAway: true } }), true);
    assert.equal(gone(0, { writing: { ...writing, sinceMs: sinceMs + 1, wasAway: true } }), false);
  });
});
