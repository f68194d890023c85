import assert from "node:assert/strict";
import { it } from "node:test";
import type { RestError } from "@tutti/rest/client";
import type { Values } from "../command/values.ts";
import { problemsAsWritten } from "./written-names.ts";

it("a duration beyond its limit is refused by the name of its option, in durations", () => {
  const error = {
    code: "rest.request_invalid",
    fields: [{ field: "leaseMs", message: "expected a number from 0 to 3600000, got 7200000" }],
  } as unknown as RestError;
  const values = { nameOf: () => undefined, optionLike: (word: string) => `--${word}` } as unknown as Values;
  assert.deepEqual(problemsAsWritten(error, values), [
    "--lease: expected a duration from 0 ms to 1 h, got 2 h.",
  ]);
});
