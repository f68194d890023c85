import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { progressOf } from "./approve.ts";

describe("the progress of an approval", () => {
  const by = (id: string, onBehalfOf = "") =>
    ({ cause: { actor: { kind: "person", id } }, onBehalfOf }) as never;

  it("counts each person once, and the delegates of a person together", () => {
    const decisions = [by("ann"), by("ann"), by("cy", "bob"), by("dee", "bob")];
    assert.equal(progressOf({ approvalsNeeded: 3, decisions }), "2 of 3");
  });

  it("is empty if one person is enough", () => assert.equal(progressOf({ decisions: [] }), ""));
});
