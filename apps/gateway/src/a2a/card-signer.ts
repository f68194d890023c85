/**
 * Signatures of agent cards by the key of `integration.gateway.agentCardKey`, and its public part, which is served next to the
 * card.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { type CardKey, signedCard } from "@tutti/policy/agent-card";
import { cardKeysPath } from "../configuration.ts";
import { gatewayErrors } from "../errors.ts";
import type { Json } from "./protocol.ts";

export class CardSignatures {
  readonly #key: KeyObject;
  readonly #kid: string;
  /** As JWK, with its id. */
  readonly publicKey: CardKey;

  /** @param text an Ed25519 key in PEM (PKCS #8), as `openssl genpkey -algorithm ed25519` writes it */
  constructor(text: string) {
    this.#key = privateKeyIn(text);
    const { kty, crv, x } = createPublicKey(this.#key).export({ format: "jwk" });
    // As RFC 7638 has it: another installation with the same key has the same id.
    this.#kid = createHash("sha256").update(JSON.stringify({ crv, kty, x })).digest("base64url");
    this.publicKey = { kty, crv, x, kid: this.#kid, alg: "EdDSA", use: "sig" };
  }

  signed(card: Json, origin: string): Json {
    return signedCard(card, {
      kid: this.#kid,
      jku: `${origin}${cardKeysPath}`,
      sign: (content) => sign(null, content, this.#key),
    });
  }
}

function privateKeyIn(text: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = createPrivateKey(text);
  } catch {
    // The text is a secret, so the error does not show why it is invalid.
  }
  if (key?.asymmetricKeyType !== "ed25519") throw gatewayErrors.agentCardKeyInvalid();
  return key;
}
