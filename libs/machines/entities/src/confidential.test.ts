import assert from "node:assert/strict";
import { it } from "node:test";
import { cache } from "./cache/machine.ts";
import { secrets } from "./secrets/machine.ts";
import { tenant } from "./tenant/machine.ts";

it("machines that store key hashes and sealed values are confidential", () => {
  assert.deepEqual(
    [tenant, secrets, cache].map(({ kind, isConfidential }) => [kind, isConfidential === true]),
    [
      ["tenant", true],
      ["secrets", true],
      ["cache", false],
    ],
  );
});
