import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defineErrors, errorFromUnknown } from "@tutti/kernel";
import { errorRecord } from "./error-record.ts";
import { errorText } from "./error-text.ts";

const errors = defineErrors("test", {
  portInUse: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "Stop what listens there.",
    message: ({ port }: { port: number }) => `Port ${port} is in use`,
    remedy: "",
  },
  notStarted: {
    status: "FAILED_PRECONDITION",
    retry: "never",
    help: "See why.",
    message: ({ problem }: { problem: string }) => `the platform did not start: ${problem}`,
    remedy: "",
  },
});

const textOf = (error: unknown) => errorText(errorRecord(error));

describe("an error for people", () => {
  it("is one line if its message states the problem, at any depth of causes", () => {
    const system = Object.assign(new Error("listen EADDRINUSE 127.0.0.1:7400"), { code: "EADDRINUSE" });
    const cause = errors.portInUse({ port: 7400 }, { cause: system });

    const text = textOf(errors.notStarted({ problem: cause.message }, { cause }));

    assert.equal(text, "the platform did not start: Port 7400 is in use (test.not_started)");
  });

  it("names the causes that add information", () => {
    const cause = errors.portInUse({ port: 7400 });

    assert.equal(
      textOf(errors.notStarted({ problem: "see below" }, { cause })),
      "the platform did not start: see below (test.not_started)\n" +
        "caused by Port 7400 is in use (test.port_in_use)",
    );
  });

  it("has the stack of an unforeseen mistake, also behind errors of ours", () => {
    const mistake = new TypeError("undefined is not a function");
    const cause = errorFromUnknown(mistake);

    for (const error of [mistake, cause, errors.notStarted({ problem: cause.message }, { cause })]) {
      assert.match(textOf(error), /undefined is not a function[\s\S]*\nat .*error-text\.test\.ts/);
    }
  });

  it("lists the errors of several that failed together", () => {
    const text = textOf(new AggregateError([new Error("one"), errors.portInUse({ port: 1 })], "both failed"));

    assert.match(
      text,
      /^AggregateError: both failed\n- Error: one\n- Port 1 is in use \(test\.port_in_use\)\nat /,
    );
  });
});
