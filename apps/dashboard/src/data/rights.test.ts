import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { MissingRight, MissingRights } from "@tutti/rest/types";
import { lackOf, lackText } from "./rights.ts";

const lack: MissingRight = {
  ...{ route: "runs.cancel", method: "POST", path: "/v1/runs/{id}/cancel", action: "workflow.runs.cancel" },
  ...{ why: "missing", roles: ["operator", "admin"] },
};
const rights: MissingRights = {
  ...{ namespace: "shop", who: "person:ada", roles: ["viewer"], missing: [lack] },
  givers: ["group:ops", "person:ann", "person:bob", "person:cid"],
};

describe("rights on the page", () => {
  it("are looked up by method and path, for any id and query", () => {
    assert.equal(lackOf(rights, { method: "POST", path: "/v1/runs/r%2F1/cancel?namespace=shop" }), lack);
    for (const path of ["/v1/runs/r1", "/v1/runs/r1/cancel/now", "/v1/runs/r1/resume"])
      assert.equal(lackOf(rights, { method: "POST", path }), undefined, path);
    assert.equal(lackOf(rights, { method: "GET", path: "/v1/runs/r1/cancel" }), undefined);
    assert.equal(lackOf(undefined, { method: "POST", path: "/v1/runs/r1/cancel" }), undefined);
  });

  it("that are missing are shown with the smallest sufficient role and the users who can bind it", () => {
    assert.equal(
      lackText(lack, rights),
      "person:ada may not do workflow.runs.cancel in the namespace shop. The role operator permits it. group:ops, person:ann, person:bob and 1 more can bind it: tutti role bind operator person:ada",
    );
    assert.match(lackText(lack, { ...rights, who: "person:id|ada" }), /bind operator 'person:id\|ada'$/);
    assert.match(lackText(lack, { ...rights, givers: [] }), /The administrator of this machine can bind it/);
  });

  it("that no role includes are shown with the reason or a remedy", () => {
    assert.match(lackText({ ...lack, why: "forbidden", roles: [] }, rights), /a policy forbids it/);
    assert.match(lackText({ ...lack, why: "narrowed", roles: [] }, rights), /Sign in with another one/);
  });
});
