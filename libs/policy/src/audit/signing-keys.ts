/**
 * The keys that an installation has signed with. The first one is known from another source. Each later key
 * is endorsed by its predecessor, so trust in the first key extends to all.
 */
import { SigningKey } from "@tutti/contracts/governance/v1";
import { fromTimestamp } from "@tutti/kernel";
import { type Purpose, type Signer, verifySignature } from "./signing.ts";

/** Returns the next key, endorsed by its predecessor. */
export function endorsed(
  key: Pick<SigningKey, "signingKeyId" | "publicKey" | "startTime">,
  by: Signer,
): SigningKey {
  const endorsement = by.sign("signing key", contentOf(key));
  return { ...key, endTime: undefined, endorsement };
}

/** Why keys are not trusted, with the responsible key. */
export interface KeyFault {
  readonly signingKeyId: string;
  readonly message: string;
}

export class TrustedKeys {
  readonly #keys = new Map<string, SigningKey>();
  readonly faults: readonly KeyFault[];

  /** Trusts the keys, the oldest first, that follow from the trusted one. */
  constructor(trusted: Uint8Array, keys: readonly SigningKey[]) {
    const faults: KeyFault[] = [];
    let before = trusted;
    const first = keys.findIndex(({ publicKey }) => Buffer.compare(publicKey, trusted) === 0);
    if (first === -1) faults.push({ signingKeyId: "", message: "the trusted key is not among the keys" });
    for (const key of first === -1 ? [] : keys.slice(first)) {
      const { signingKeyId, publicKey, endorsement } = key;
      const isFirst = this.#keys.size === 0;
      if (this.#keys.has(signingKeyId)) {
        faults.push({ signingKeyId, message: "two keys have the same id" });
        break;
      }
      if (!isFirst && !verifySignature(before, endorsement, "signing key", contentOf(key))) {
        faults.push({ signingKeyId, message: "the key before did not endorse this one" });
        break;
      }
      this.#keys.set(signingKeyId, key);
      before = publicKey;
    }
    this.faults = faults;
  }

  /** Returns why a signature is invalid. Undefined if it is valid. */
  fault(
    { signingKeyId, signature, timeMs }: Signed,
    purpose: Purpose,
    content: Uint8Array,
  ): string | undefined {
    const key = this.#keys.get(signingKeyId);
    if (key === undefined) return `expected a signature with a trusted key, got one with "${signingKeyId}"`;
    const { publicKey, startTime, endTime } = key;
    if (startTime !== undefined && timeMs < fromTimestamp(startTime))
      return "the key was not active yet at that time";
    if (endTime !== undefined && timeMs > fromTimestamp(endTime)) return "the key did not sign any more then";
    if (verifySignature(publicKey, signature, purpose, content)) return;
    return `the signature is not that of the key "${signingKeyId}"`;
  }
}

export interface Signed {
  readonly signingKeyId: string;
  readonly signature: Uint8Array;
  /** The stated time of the signature. */
  readonly timeMs: number;
}

function contentOf({
  signingKeyId,
  publicKey,
  startTime,
}: Pick<SigningKey, "signingKeyId" | "publicKey" | "startTime">): Uint8Array {
  const noBytes = new Uint8Array(0);
  return SigningKey.encode({
    signingKeyId,
    publicKey,
    startTime,
    endTime: undefined,
    endorsement: noBytes,
  }).finish();
}
