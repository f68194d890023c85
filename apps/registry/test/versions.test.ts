import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FindCapabilitiesRequest, RegisterRequest, registryService } from "@tutti/contracts/registry/v1";
import type { FieldViolation } from "@tutti/contracts/rpc";
import fc from "fast-check";
import { valid, validRange } from "semver";
import { instance, offer } from "./fixtures.ts";

/** Parts of versions as users and attackers write them. */
const number = fc.oneof(fc.constantFrom("0", "1", "01", "x", "*", "9".repeat(20)), fc.nat(30).map(String));
const identifier = fc.constantFrom("a", "0", "01", "rc", "-", "00a", "1-", "x", "9".repeat(20));
const tail = (sign: string) =>
  fc.array(identifier, { maxLength: 3 }).map((list) => (list.length === 0 ? "" : sign + list.join(".")));
const version = fc.tuple(fc.array(number, { minLength: 1, maxLength: 4 }), tail("-"), tail("+"));
const versionText = version.map(([numbers, ...tails]) => numbers.join(".") + tails.join(""));
const sign = fc.constantFrom("", "", "^", "~", ">=", "<", "=", "v", "^v");
const comparator = fc.tuple(sign, versionText).map((parts) => parts.join(""));
const separator = fc.constantFrom(" ", " - ", " || ");
const range = fc
  .array(fc.tuple(separator, comparator), { minLength: 1, maxLength: 4 })
  .map((list) => list.map(([between, each], index) => (index === 0 ? "" : between) + each).join(""));

function isAccepted(check: (found: FieldViolation[]) => void): boolean {
  const found: FieldViolation[] = [];
  check(found);
  return found.length === 0;
}

// Accepted versions are sorted and compared without another check: one invalid version in the directory would
// make every query for that capability fail.
describe("versions that the contract accepts", () => {
  it("are versions that can be compared", () => {
    fc.assert(
      fc.property(versionText, (text) => {
        const request = RegisterRequest.fromPartial({
          instance: instance("a", { offers: [offer(`pay.charge@${text}`)] }),
        });
        const accepted = isAccepted((found) => registryService.methods.register.check(request, found));
        assert.ok(!accepted || valid(text) !== null, text);
      }),
      { numRuns: 2_000 },
    );
  });

  it("are valid version ranges", () => {
    fc.assert(
      fc.property(range, (versionRange) => {
        const request = FindCapabilitiesRequest.fromPartial({ name: "pay.charge", versionRange });
        const accepted = isAccepted((found) =>
          registryService.methods.findCapabilities.check(request, found),
        );
        assert.ok(!accepted || validRange(versionRange) !== null, versionRange);
      }),
      { numRuns: 2_000 },
    );
  });
});
