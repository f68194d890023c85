import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Approval, ApprovalFilter } from "@tutti/contracts/types/v1";
import { testContext } from "@tutti/kernel/testing";
import { matchesFilter } from "./questions.ts";

describe("questions for a caller", () => {
  const principal = { kind: "person", id: "ada", roles: ["operator", "night"] } as const;
  const isMine = (...deciders: string[]) =>
    matchesFilter(
      ApprovalFilter.fromPartial({ mine: true }),
      Approval.fromPartial({ deciders }),
      testContext({ principal }),
    );

  for (const name of ["ada", "person:ada", "night", "group:night", "operator", "role:operator"])
    it(`are those for ${name}`, () => assert.equal(isMine("ben", name), true));

  for (const name of ["service:ada", "group:day", "person:night"])
    it(`are not those for ${name}`, () => assert.equal(isMine(name), false));

  it("are those that any person may decide", () => assert.equal(isMine(), true));
});
