/**
 * Finds the identity of a key.
 *
 * 1. The result for a key is remembered as long as it is valid, so that its hash is computed once and not per
 *    call. A mark of the key is remembered that only this process can make, never the key.
 * 2. A caller with a wrong secret for an existing key waits for the hash each time. A few hashes are computed
 *    concurrently, and a bounded number wait. Further ones are refused.
 * 3. One address has at most a quarter of the places, so that a flood from it hardly delays keys of other
 *    addresses. A key that was found before waits for nothing.
 * 4. An unknown key costs as much as a wrong one, so that the time does not reveal which keys exist.
 */
import { createHmac } from "node:crypto";
import type { KeyVerifier } from "@tutti/contracts/governance/v1";
import { fromTimestamp, KeyedSlots, keepNewest } from "@tutti/kernel";
import { readApiKey } from "./api-key.ts";
import { isHashed } from "./key-hash.ts";

export type CheckedKey =
  | { readonly kind: "known"; readonly verifier: KeyVerifier }
  /** Not a key at all. */
  | { readonly kind: "other" }
  | { readonly kind: "refused"; readonly fault: "damaged" | "wrong" | "ended" | "busy" };

const concurrencyMax = 4;
const waitingMax = 64;
const ofAddressMax = 16;
const rememberedMax = 10_000;
/** The hash of no key: the comparison for unknown ids. */
const dummyHash = `$scrypt$ln=15,r=8,p=1$${"A".repeat(22)}$${"A".repeat(43)}`;

export class KeyChecker {
  #byId: ReadonlyMap<string, KeyVerifier> = new Map();
  readonly #secret: Uint8Array;
  /** Ids and hashes of checked keys by their marks. */
  readonly #known = new Map<string, Pick<KeyVerifier, "keyId" | "hash">>();
  readonly #waiting: (() => void)[] = [];
  #computing = 0;
  /** Keys being checked or waiting, by address. */
  readonly #byAddress = new KeyedSlots(ofAddressMax);

  /** `secret`: known only to this process. */
  constructor(verifiers: readonly KeyVerifier[], secret: Uint8Array) {
    this.#secret = secret;
    this.renew(verifiers);
  }

  /** Replaces the keys, by a new bundle. Earlier results stay valid for unchanged keys. */
  renew(verifiers: readonly KeyVerifier[]): void {
    this.#byId = new Map(verifiers.map((verifier) => [verifier.keyId, verifier]));
  }

  /** @param from the address. Empty if unknown */
  async check(text: string, nowMs: number, from = ""): Promise<CheckedKey> {
    const read = readApiKey(text);
    if (read.kind === "other") return read;
    if (read.kind === "damaged") return { kind: "refused", fault: "damaged" };
    const mark = createHmac("sha256", this.#secret).update(text).digest("base64");
    const verifier = this.#rememberedAs(mark) ?? (await this.#foundFor(from, read, mark));
    if (verifier === "busy") return { kind: "refused", fault: "busy" };
    if (verifier === undefined) return { kind: "refused", fault: "wrong" };
    const { expireTime } = verifier;
    if (expireTime !== undefined && fromTimestamp(expireTime) <= nowMs)
      return { kind: "refused", fault: "ended" };
    return { kind: "known", verifier };
  }

  #rememberedAs(mark: string): KeyVerifier | undefined {
    const known = this.#known.get(mark);
    const verifier = known === undefined ? undefined : this.#byId.get(known.keyId);
    return verifier?.hash === known?.hash ? verifier : undefined;
  }

  async #foundFor(from: string, key: { readonly keyId: string; readonly secret: string }, mark: string) {
    if (from === "") return this.#found(key, mark);
    return this.#byAddress.run(from, () => this.#found(key, mark)) ?? "busy";
  }

  async #found(
    { keyId, secret }: { readonly keyId: string; readonly secret: string },
    mark: string,
  ): Promise<KeyVerifier | "busy" | undefined> {
    if (this.#computing < concurrencyMax) {
      this.#computing++;
    } else {
      if (this.#waiting.length >= waitingMax) return "busy";
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      const verifier = this.#byId.get(keyId);
      const isRight = await isHashed(secret, verifier?.hash ?? dummyHash);
      if (!isRight || verifier === undefined) return undefined;
      keepNewest(this.#known, mark, { keyId: verifier.keyId, hash: verifier.hash }, rememberedMax);
      return verifier;
    } finally {
      // A waiting check takes over the place, so that no other one gets in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#computing--;
      else next();
    }
  }
}
