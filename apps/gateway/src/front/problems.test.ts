import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { meshErrors } from "@tutti/mesh";
import { problemAnswer } from "./problems.ts";

describe("a problem of a route", () => {
  it("has the names of the request, and no name of an rpc", () => {
    const violations = [{ field: "run_id", message: "expected an id, got ü" }];
    const error = meshErrors.invalidRequest(
      { rpc: "RunService.StartRun", first: "run_id: expected an id, got ü", count: 1 },
      { violations },
    );
    const { status, body } = problemAnswer(error, () => "runId");
    const { detail, fields } = JSON.parse(body);
    assert.equal(status, 400);
    assert.match(detail, /^The request is invalid: runId: expected an id, got ü\./);
    assert.deepEqual(fields, [{ field: "runId", message: "expected an id, got ü" }]);
  });

  it("leaves out a field that the request has no name for", () => {
    const violations = [{ field: "what", message: "expected one of a, b, got none" }];
    const error = meshErrors.invalidRequest(
      { rpc: "RunService.StartRun", first: "what: expected one of a, b, got none", count: 1 },
      { violations },
    );
    const { detail, fields } = JSON.parse(problemAnswer(error, () => "").body);
    assert.match(detail, /^The request is invalid: expected one of a, b, got none\./);
    assert.deepEqual(fields, [{ field: "", message: "expected one of a, b, got none" }]);
  });
});
