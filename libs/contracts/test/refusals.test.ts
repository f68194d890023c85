/** The generated check of each rpc against every rule that the contracts state for its request. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, it } from "node:test";
import type { FieldViolation, ServiceDescription } from "@tutti/contracts/rpc";
import { contractRefusals } from "@tutti/contracts/testing";

const areas: readonly Readonly<Record<string, unknown>>[] = await Promise.all(
  readdirSync(new URL("../../../proto/tutti", import.meta.url)).map(
    (area) => import(`@tutti/contracts/${area}/v1`),
  ),
);
const services = areas
  .flatMap((area) => Object.values(area))
  .filter(
    (value): value is ServiceDescription =>
      typeof value === "object" && value !== null && "methods" in value && "area" in value,
  );
const refusals = contractRefusals();
let broken = 0;

for (const { name, methods } of services)
  describe(`requests of ${name}`, () => {
    for (const rpc of Object.values(methods)) {
      const fieldsOf = (bytes: Uint8Array): readonly string[] => {
        const found: FieldViolation[] = [];
        rpc.check(rpc.request.decode(bytes), found);
        return found.map(({ field }) => field);
      };

      it(`${rpc.name} accepts the smallest request, and names the field of each broken rule`, () => {
        assert.deepEqual(fieldsOf(refusals.smallest(rpc.path)), []);
        for (const { field, bytes } of refusals.broken(rpc.path)) {
          broken++;
          assert.deepEqual([...new Set(fieldsOf(bytes))], [field]);
        }
      });
    }
  });

describe("rules of the contracts", () => {
  it("are read from the descriptors: thousands can be broken", () => {
    assert.ok(broken > 1_000, `${broken} broken requests`);
  });
});
