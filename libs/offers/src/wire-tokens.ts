/**
 * Tokens of attempts as pools and agents see them. Each service counts its own instances, so a run and a
 * mission may have the same numbers and meet in one pool. The last byte of the incarnation names the service
 * of the attempt. Tokens are encrypted, so that no token predicts another.
 */
import { stableHash } from "@tutti/kernel";
import {
  type EffectToken,
  hasTokenForm,
  readToken,
  type TokenCipher,
  tokenBytes,
  writeToken,
} from "@tutti/runtime";

/** The highest of the six bytes of an incarnation: no count gets that high. */
const markAt = 7;
const known: Readonly<Record<string, number>> = { workflow: 0, swarm: 1 };
const marksMax = 256;
const unawaited: EffectToken = { partition: 0, incarnation: 0, number: 0, attempt: 0 };

export class WireTokens {
  readonly #mark: number;
  readonly #cipher: TokenCipher;
  readonly #plain = new Uint8Array(tokenBytes);

  /** @param service name of the service of the attempts */
  constructor(service: string, cipher: TokenCipher) {
    const knownCount = Object.keys(known).length;
    this.#mark = known[service] ?? knownCount + (stableHash(service) % (marksMax - knownCount));
    this.#cipher = cipher;
  }

  write(token: EffectToken): Uint8Array {
    const bytes = writeToken(token);
    bytes[markAt] = this.#mark;
    this.#cipher.encrypt(bytes);
    return bytes;
  }

  /** Returns undefined for a token of another service, and for bytes that are no token. */
  own(bytes: Uint8Array): EffectToken | undefined {
    if (!hasTokenForm(bytes)) return undefined;
    // Not `slice`: for a Buffer it makes no copy, and the bytes of the caller would change.
    const plain = this.#plain;
    plain.set(bytes);
    this.#cipher.decrypt(plain);
    if (plain[markAt] !== this.#mark) return undefined;
    plain[markAt] = 0;
    return readToken(plain);
  }

  /** Returns the token. A token of another service becomes one that no work awaits. */
  read(bytes: Uint8Array): EffectToken {
    return this.own(bytes) ?? unawaited;
  }
}
