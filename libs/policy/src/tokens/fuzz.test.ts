/** Mutations of a valid token: never accepted, never an error, never another's rights. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scope, TokenUse } from "@tutti/contracts/governance/v1";
import { ActorKind } from "@tutti/contracts/types/v1";
import fc from "fast-check";
import { newTokenKey, publicTokenKey, TokenIssuer } from "./issuing.ts";
import { TokenChecker } from "./token-checker.ts";

const nowMs = 1_767_225_600_000;
const issuer = "tutti-test";
const key = await newTokenKey("own-1");
const issuing = await TokenIssuer.with(issuer, key);
const token = await issuing.issue({
  ...{ tokenId: "token-1", actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: "press:3" }, namespace: "shop" },
  ...{ groups: ["night"], use: TokenUse.TOKEN_USE_AGENT, createMs: nowMs, expireMs: nowMs + 60_000 },
  scope: Scope.fromPartial({ actions: ["agent.*"] }),
});
const [header = "", payload = "", signature = ""] = token.split(".");
const checker = new TokenChecker({ issuer });
checker.renew({ tokenKeys: [JSON.stringify(publicTokenKey(key))], revokedTokenIds: [] });
const right = await checker.check(token, nowMs);
assert.equal(right.kind, "known");

/** A fixed seed. Another one finds others. */
const settings = { seed: 20_260_714, numRuns: 500 };

async function isRefused(input: string): Promise<void> {
  const found = await checker.check(input, nowMs);
  assert.equal(found.kind, "refused", input);
  // After all mutations, the valid token is still accepted.
  assert.deepEqual(await checker.check(token, nowMs), right);
}

const encoded = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");
const flipped = (part: string, bit: number): string => {
  const bytes = Buffer.from(part, "base64url");
  const at = bit % (bytes.length * 8);
  bytes[at >> 3] = (bytes[at >> 3] ?? 0) ^ (1 << (at & 7));
  return encoded(bytes);
};

describe("tampered tokens are refused:", () => {
  it("any bit of header, content or signature flipped", () =>
    fc.assert(
      fc.asyncProperty(fc.nat(2), fc.nat(), (part, bit) =>
        isRefused(
          [header, payload, signature].map((each, at) => (at === part ? flipped(each, bit) : each)).join("."),
        ),
      ),
      settings,
    ));

  it("cut, doubled, or with parts removed or swapped", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.nat(token.length - 1).map((length) => token.slice(0, length)),
          fc.nat(token.length - 2).map((from) => token.slice(from + 1)),
          fc
            .array(fc.constantFrom(header, payload, signature, ""), { maxLength: 6 })
            .map((parts) => parts.join(".")),
          fc.constant(`${token}.${signature}`),
          fc.constant(`${token}${token}`),
        ),
        async (altered) => {
          fc.pre(altered !== token);
          await isRefused(altered);
        },
      ),
      settings,
    ));

  it("under another header, with any algorithm, type and key", () => {
    const algorithm = fc.constantFrom(
      "none",
      "None",
      "HS256",
      "ES256",
      "RS256",
      "Ed448",
      "EdDSA",
      "",
      undefined,
    );
    const others = fc.record(
      {
        alg: fc.oneof(algorithm, fc.jsonValue()),
        typ: fc.constantFrom("JWT", "tutti+jwt", "at+jwt", ""),
        kid: fc.oneof(fc.constantFrom("own-1", "own-2"), fc.string()),
        crit: fc.constantFrom(["exp"], ["b64"], []),
        b64: fc.boolean(),
        jwk: fc.constant(publicTokenKey(key)),
        jku: fc.webUrl(),
      },
      { requiredKeys: [] },
    );
    return fc.assert(
      fc.asyncProperty(others, fc.constantFrom(signature, ""), async (otherClaims, signed) => {
        const other = encoded(JSON.stringify(otherClaims));
        fc.pre(other !== header);
        await isRefused(`${other}.${payload}.${signed}`);
      }),
      settings,
    );
  });

  it("with other claims, under the signature that there was", () => {
    const claims: object = JSON.parse(Buffer.from(payload, "base64url").toString());
    const others = fc.record(
      {
        sub: fc.constantFrom("person:local-admin", "service:governance", "agent:press:4"),
        namespace: fc.constantFrom("", "system", "bank"),
        scope: fc.constant({}),
        groups: fc.array(fc.string()),
        exp: fc.integer({ min: 0 }),
        iss: fc.string(),
        aud: fc.oneof(fc.string(), fc.array(fc.string())),
        use: fc.constantFrom("TOKEN_USE_CALLS", "calls", ""),
      },
      { requiredKeys: [] },
    );
    return fc.assert(
      fc.asyncProperty(others, async (otherClaims) => {
        const other = encoded(JSON.stringify({ ...claims, ...otherClaims }));
        fc.pre(other !== payload);
        await isRefused(`${header}.${other}.${signature}`);
      }),
      settings,
    );
  });

  it("any other text, with dots or without", () =>
    fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: "binary", maxLength: 300 }),
          fc
            .array(
              fc.jsonValue().map((value) => encoded(JSON.stringify(value))),
              { maxLength: 4 },
            )
            .map((parts) => parts.join(".")),
        ),
        isRefused,
      ),
      settings,
    ));
});
