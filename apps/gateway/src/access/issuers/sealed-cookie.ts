/**
 * State that a browser carries while it is at an issuer. Only gateways with the same key can read it, and no browser
 * can change it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

export function newSealKey(): Buffer {
  return randomBytes(32);
}

export class CookieSeal {
  readonly #keyOf: () => Promise<Uint8Array>;
  #key: Promise<Uint8Array> | undefined;

  /** @param keyOf called when the first cookie is sealed or opened, and again after a failure */
  constructor(keyOf: () => Promise<Uint8Array>) {
    this.#keyOf = keyOf;
  }

  async seal(content: object): Promise<string> {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, await this.#keyed(), nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content), "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** Undefined if no gateway of the installation sealed it. */
  async open(text: string): Promise<unknown> {
    const key = await this.#keyed();
    const bytes = Buffer.from(text, "base64url");
    try {
      const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceBytes));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      const opened = [decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()];
      return JSON.parse(Buffer.concat(opened).toString("utf8"));
    } catch {
      return;
    }
  }

  #keyed(): Promise<Uint8Array> {
    this.#key ??= this.#keyOf().catch((error: unknown) => {
      this.#key = undefined;
      throw error;
    });
    return this.#key;
  }
}
