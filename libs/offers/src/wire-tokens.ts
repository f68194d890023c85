/**
 * Tokens of attempts as pools and agents see them. Services count their instances for themselves, so a run and a mission may well
 * have the same numbers, and meet in one pool: the last byte of the incarnation says whose the attempt is.
 */
import { stableHash } from "@tutti/kernel";
import { type EffectToken, readToken, writeToken } from "@tutti/runtime";

/** The highest of the six bytes of an incarnation: nothing counts that far. */
const markAt = 7;
const known: Readonly<Record<string, number>> = { workflow: 0, swarm: 1 };
const marksMax = 256;

export class WireTokens {
  readonly #mark: number;

  /** @param service whose attempts they are */
  constructor(service: string) {
    const taken = Object.keys(known).length;
    this.#mark = known[service] ?? taken + (stableHash(service) % (marksMax - taken));
  }

  write(token: EffectToken): Uint8Array {
    const bytes = writeToken(token);
    bytes[markAt] = this.#mark;
    return bytes;
  }

  isOwn(bytes: Uint8Array): boolean {
    return bytes[markAt] === this.#mark;
  }

  /** Of a token of another service it makes one that nobody awaits. */
  read(bytes: Uint8Array): EffectToken {
    if (!this.isOwn(bytes)) return { ...readToken(bytes), incarnation: 0 };
    const own = bytes.slice();
    own[markAt] = 0;
    return readToken(own);
  }
}
