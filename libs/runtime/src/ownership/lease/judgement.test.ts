import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Holder } from "../table/picture.ts";
import { type Judgement, overdue } from "./judgement.ts";

const leaseMs = 1_200;
const retryMaxMs = 1_000;

function isOverdue(lastSeenMs: number, judgement: Partial<Judgement> & Pick<Judgement, "writing">): boolean {
  const holder = { id: "b-1", lastSeenMs } as Holder;
  return overdue([holder], { self: "a-1", leaseMs, retryMaxMs, nowMs: 10_000, ...judgement }).length > 0;
}

describe("a process that has not renewed its lease", () => {
  const writing = { sinceMs: 0, lastMs: 9_900, wasUnavailable: false };

  it("is considered gone one lease time after it was last heard", () => {
    assert.equal(isOverdue(10_000 - leaseMs, { writing }), true);
    assert.equal(isOverdue(10_000 - leaseMs + 1, { writing }), false);
  });

  it("is not judged by itself, nor by a process that cannot write", () => {
    assert.equal(isOverdue(0, { writing, self: "b-1" }), false);
    assert.equal(isOverdue(0, { writing: undefined }), false);
    assert.equal(isOverdue(0, { writing: { ...writing, lastMs: 10_000 - leaseMs } }), false);
  });

  it("had a lease time in which the caller that judges could write", () => {
    assert.equal(isOverdue(0, { writing: { ...writing, sinceMs: 10_000 - leaseMs } }), true);
    assert.equal(isOverdue(0, { writing: { ...writing, sinceMs: 10_000 - leaseMs + 1 } }), false);
  });

  it("gets extra time for one unanswered attempt and the longest retry pause if the store was away", () => {
    const sinceMs = 10_000 - leaseMs - leaseMs / 2 - retryMaxMs;
    assert.equal(isOverdue(0, { writing: { ...writing, sinceMs, wasUnavailable: true } }), true);
    assert.equal(
      isOverdue(0, { writing: { ...writing, sinceMs: sinceMs + 1, wasUnavailable: true } }),
      false,
    );
  });
});
