/** What a browser carries for us while it is elsewhere: only the process that sealed it reads it, and nobody changes it. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

export class CookieSeal {
  readonly #key = randomBytes(32);

  seal(content: object): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(JSON.stringify(content), "utf8"), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64url");
  }

  /** Undefined where it is not one of ours. */
  open(text: string): unknown {
    const bytes = Buffer.from(text, "base64url");
    try {
      const decipher = createDecipheriv(algorithm, this.#key, bytes.subarray(0, nonceBytes));
      decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
      const opened = [decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()];
      return JSON.parse(Buffer.concat(opened).toString("utf8"));
    } catch {
      return;
    }
  }
}
