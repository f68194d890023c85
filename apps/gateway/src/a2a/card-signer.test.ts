import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { isCardSignedBy, signatureHeaders } from "@tutti/policy/agent-card";
import { publicCard } from "./card.ts";
import { CardSignatures } from "./card-signer.ts";

const origin = "https://tutti.example";
const pem = (type: "ed25519" | "x25519") =>
  generateKeyPairSync(type as "ed25519")
    .privateKey.export({ format: "pem", type: "pkcs8" })
    .toString();

describe("the signature of the platform's agent cards", () => {
  it("is valid with the served key, and names its address", () => {
    const signatures = new CardSignatures(pem("ed25519"));
    const card = signatures.signed(publicCard({ origin, version: "1.0.0", needsKey: true }), origin);
    assert.equal(isCardSignedBy(card, [signatures.publicKey]), true);
    const [header] = signatureHeaders(card);
    assert.equal(header?.jku, "https://tutti.example/.well-known/agent-card-keys.json");
    assert.equal(header?.kid, signatures.publicKey["kid"]);
    assert.equal(isCardSignedBy({ ...card, version: "2" }, [signatures.publicKey]), false);
    assert.equal(signatures.publicKey["d"], undefined, "the secret is not served");
  });

  it("has the same key id for the same key", () => {
    const text = pem("ed25519");
    const [one, other] = [new CardSignatures(text), new CardSignatures(text)];
    assert.deepEqual(one.publicKey, other.publicKey);
  });

  for (const [scenario, text] of [
    ["no key", "secret"],
    ["a key of another kind", pem("x25519")],
  ] as const)
    it(`rejects ${scenario} without revealing it`, () =>
      assert.throws(() => new CardSignatures(text), {
        code: "gateway.agent_card_key_invalid",
        message: /^(?!.*secret)/s,
      }));
});
