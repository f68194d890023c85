import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { describe, it } from "node:test";
import { type Card, isCardSignedBy, signatureHeaders, signedCard } from "./agent-card.ts";

const card: Card = {
  ...{ name: "Ä", description: "", skills: [], tags: ["b", "a"], size: 1e21 },
  capabilities: { streaming: false, extensions: [] },
};
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const jwk = { ...publicKey.export({ format: "jwk" }), kid: "key_1" };
const signed = signedCard(card, {
  ...{ kid: "key_1", jku: "https://tutti.example/keys" },
  sign: (content) => sign(null, content, privateKey),
});

describe("the signature of an agent card", () => {
  it("is valid for the card in any order of its members, and names its key", () => {
    assert.equal(isCardSignedBy(signed, [jwk]), true);
    const turned = Object.fromEntries(Object.entries(signed).reverse());
    assert.equal(isCardSignedBy(turned, [jwk]), true);
    assert.deepEqual(signatureHeaders(signed), [{ kid: "key_1", jku: "https://tutti.example/keys" }]);
  });

  it("is valid if members with default values are added or removed", () => {
    const { description: _, ...less } = signed;
    assert.equal(isCardSignedBy({ ...less, iconUrl: undefined, provider: "" }, [jwk]), true);
  });

  for (const [title, changed] of [
    ["another name", { name: "A" }],
    ["another order of a list", { tags: ["a", "b"] }],
    ["a member more", { url: "https://evil.example" }],
    ["a stated capability less", { capabilities: {} }],
    ["no signature", { signatures: [] }],
    ["a signature that is none", { signatures: [{ protected: "!", signature: "!" }, 7] }],
  ] as const)
    it(`is not valid with ${title}`, () =>
      assert.equal(isCardSignedBy({ ...signed, ...changed }, [jwk]), false));

  it("is not valid with another or an invalid key", () => {
    const other = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
    assert.equal(isCardSignedBy(signed, [{ ...other, kid: "key_1" }, { kty: "OKP" }, {}]), false);
    assert.equal(isCardSignedBy(signed, [{ ...jwk, kid: "key_2" }]), false);
  });

  it("is not valid with an algorithm that does not match the key", () => {
    const [first] = signed["signatures"] as { protected: string; signature: string }[];
    const header = {
      ...JSON.parse(Buffer.from(first?.protected ?? "", "base64url").toString()),
      alg: "none",
    };
    const unsigned = { protected: Buffer.from(JSON.stringify(header)).toString("base64url"), signature: "" };
    assert.equal(isCardSignedBy({ ...card, signatures: [unsigned] }, [jwk]), false);
  });

  it("is valid with a P-256 key, as other implementations sign", () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const protectedHeader = Buffer.from('{"alg":"ES256","kid":"k","typ":"JOSE"}').toString("base64url");
    const payload = Buffer.from('{"name":"x"}').toString("base64url");
    const content = Buffer.from(`${protectedHeader}.${payload}`);
    const signature = sign("sha256", content, { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
    const key = {
      ...createPublicKey(pair.publicKey.export({ format: "pem", type: "spki" })).export({ format: "jwk" }),
    };
    const signatures = [{ protected: protectedHeader, signature: signature.toString("base64url") }];
    assert.equal(isCardSignedBy({ name: "x", signatures }, [{ ...key, kid: "k" }]), true);
  });
});
