import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import { withOptionNames } from "./option-names.ts";

describe("a wrong field of a request", () => {
  it("is reported as the option that sets it", async () => {
    const fail = async () => {
      throw new Failure("The request is invalid: runId: expected an id.", {
        ...{ why: ["labels.team: too long", "input.runId: wrong"], exitCode: exitCodes.refused, code: "x" },
      });
    };
    await assert.rejects(withOptionNames({ runId: "--id", labels: "--label" }, fail), {
      message: "The request is invalid: --id: expected an id.",
      why: ["--label.team: too long", "input.runId: wrong"],
      exitCode: exitCodes.refused,
      code: "x",
    });
  });
});
