/**
 * Encrypts tokens that leave the installation. The parts of a token are counters: partition, incarnation, number,
 * attempt. A reader of one could guess the next, and answer for another's attempt. Encrypted by a key of the
 * installation, a token reveals nothing about others.
 *
 * 1. A permutation: one token always becomes the same sixteen bytes, as long as the key is the same.
 * 2. One block of AES-128 as in FIPS 197, implemented with tables: a call of OpenSSL for sixteen bytes costs ten times
 *    as much, and each attempt pays it.
 */
import { assert } from "@tutti/kernel";
import { tokenBytes } from "./token.ts";

export const tokenKeyBytes = 16;

const rounds = 10;
const size = 256;
const box = new Uint8Array(size);
const inverseBox = new Uint8Array(size);
/**
 * Tables of substitution and mixing combined, for encryption and decryption: one per row, with a column for each byte.
 */
const there = Array.from({ length: 4 }, () => new Uint32Array(size));
const inverseTables = Array.from({ length: 4 }, () => new Uint32Array(size));
fillTables();
const [t0, t1, t2, t3] = there as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];
const [b0, b1, b2, b3] = inverseTables as [Uint32Array, Uint32Array, Uint32Array, Uint32Array];

export class TokenCipher {
  #keys: Uint32Array | undefined;
  #inverseKeys: Uint32Array = new Uint32Array(0);

  /** @param key the key, if it is known already. Otherwise `open` must be called before the first token */
  constructor(key?: Uint8Array) {
    if (key !== undefined) this.open(key);
  }

  open(key: Uint8Array): void {
    assert(key.length === tokenKeyBytes, "a key has the length of a block", { length: key.length });
    this.#keys = expanded(key);
    this.#inverseKeys = reversed(this.#keys);
  }

  /** Encrypts sixteen bytes in place. */
  encrypt(bytes: Uint8Array): void {
    const keys = this.#keys;
    assert(keys !== undefined, "the key is open before the first token is written", {});
    let a = word(bytes, 0) ^ at(keys, 0);
    let b = word(bytes, 4) ^ at(keys, 1);
    let c = word(bytes, 8) ^ at(keys, 2);
    let d = word(bytes, 12) ^ at(keys, 3);
    for (let key = 4; key < 4 * rounds; key += 4) {
      const e = mixed(t0, t1, t2, t3, a, b, c, d) ^ at(keys, key);
      const f = mixed(t0, t1, t2, t3, b, c, d, a) ^ at(keys, key + 1);
      const g = mixed(t0, t1, t2, t3, c, d, a, b) ^ at(keys, key + 2);
      d = mixed(t0, t1, t2, t3, d, a, b, c) ^ at(keys, key + 3);
      [a, b, c] = [e, f, g];
    }
    const last = 4 * rounds;
    put(bytes, 0, swapped(box, a, b, c, d) ^ at(keys, last));
    put(bytes, 4, swapped(box, b, c, d, a) ^ at(keys, last + 1));
    put(bytes, 8, swapped(box, c, d, a, b) ^ at(keys, last + 2));
    put(bytes, 12, swapped(box, d, a, b, c) ^ at(keys, last + 3));
  }

  /** Decrypts sixteen bytes in place. */
  decrypt(bytes: Uint8Array): void {
    assert(this.#keys !== undefined, "the key is open before the first token is read", {});
    const keys = this.#inverseKeys;
    let a = word(bytes, 0) ^ at(keys, 0);
    let b = word(bytes, 4) ^ at(keys, 1);
    let c = word(bytes, 8) ^ at(keys, 2);
    let d = word(bytes, 12) ^ at(keys, 3);
    for (let key = 4; key < 4 * rounds; key += 4) {
      const e = mixed(b0, b1, b2, b3, a, d, c, b) ^ at(keys, key);
      const f = mixed(b0, b1, b2, b3, b, a, d, c) ^ at(keys, key + 1);
      const g = mixed(b0, b1, b2, b3, c, b, a, d) ^ at(keys, key + 2);
      d = mixed(b0, b1, b2, b3, d, c, b, a) ^ at(keys, key + 3);
      [a, b, c] = [e, f, g];
    }
    const last = 4 * rounds;
    put(bytes, 0, swapped(inverseBox, a, d, c, b) ^ at(keys, last));
    put(bytes, 4, swapped(inverseBox, b, a, d, c) ^ at(keys, last + 1));
    put(bytes, 8, swapped(inverseBox, c, b, a, d) ^ at(keys, last + 2));
    put(bytes, 12, swapped(inverseBox, d, c, b, a) ^ at(keys, last + 3));
  }
}

/** Returns whether bytes have the length of a token: agents may send any bytes. */
export function hasTokenForm(bytes: Uint8Array): boolean {
  return bytes.length === tokenBytes;
}

type Table = Uint32Array;

function mixed(
  first: Table,
  second: Table,
  third: Table,
  fourth: Table,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  return (
    at(first, a >>> 24) ^ at(second, (b >>> 16) & 255) ^ at(third, (c >>> 8) & 255) ^ at(fourth, d & 255)
  );
}

function swapped(table: Uint8Array, a: number, b: number, c: number, d: number): number {
  return (
    (at(table, a >>> 24) << 24) |
    (at(table, (b >>> 16) & 255) << 16) |
    (at(table, (c >>> 8) & 255) << 8) |
    at(table, d & 255)
  );
}

function at(table: Uint8Array | Uint32Array, index: number): number {
  return table[index] ?? 0;
}

function word(bytes: Uint8Array, from: number): number {
  return (
    (at(bytes, from) << 24) | (at(bytes, from + 1) << 16) | (at(bytes, from + 2) << 8) | at(bytes, from + 3)
  );
}

function put(bytes: Uint8Array, from: number, value: number): void {
  bytes[from] = value >>> 24;
  bytes[from + 1] = value >>> 16;
  bytes[from + 2] = value >>> 8;
  bytes[from + 3] = value;
}

/** Returns a key for each round, and one for the end. */
function expanded(key: Uint8Array): Uint32Array {
  const keys = new Uint32Array(4 * (rounds + 1));
  for (let index = 0; index < 4; index++) keys[index] = word(key, 4 * index);
  let constant = 1;
  for (let index = 4; index < keys.length; index++) {
    let value = at(keys, index - 1);
    if (index % 4 === 0) {
      value = (value << 8) | (value >>> 24);
      value = swapped(box, value, value, value, value) ^ (constant << 24);
      constant = doubled(constant);
    }
    keys[index] = at(keys, index - 4) ^ value;
  }
  return keys;
}

/** Returns the round keys for decryption: from the last round to the first, with inverse mixing in between. */
function reversed(keys: Uint32Array): Uint32Array {
  const turned = new Uint32Array(keys.length);
  for (let index = 0; index < keys.length; index++) {
    const round = Math.floor(index / 4);
    const value = at(keys, 4 * (rounds - round) + (index % 4));
    const isOuter = round === 0 || round === rounds;
    const plain = swapped(box, value, value, value, value);
    turned[index] = isOuter ? value : mixed(b0, b1, b2, b3, plain, plain, plain, plain);
  }
  return turned;
}

function doubled(value: number): number {
  return ((value << 1) ^ (value > 127 ? 0x11b : 0)) & 255;
}

function times(value: number, factor: number): number {
  let [product, power] = [0, value];
  for (let bits = factor; bits > 0; bits >>>= 1) {
    if ((bits & 1) === 1) product ^= power;
    power = doubled(power);
  }
  return product;
}

function turned8(value: number, by: number): number {
  return ((value << by) | (value >>> (8 - by))) & 255;
}

function fillTables(): void {
  // All numbers but 0 as powers of 3, and their inverses as powers of its inverse.
  let [power, inverse] = [1, 1];
  box[0] = 0x63;
  do {
    power = times(power, 3);
    inverse = times(inverse, 0xf6);
    box[power] =
      inverse ^ turned8(inverse, 1) ^ turned8(inverse, 2) ^ turned8(inverse, 3) ^ turned8(inverse, 4) ^ 0x63;
  } while (power !== 1);
  for (let value = 0; value < size; value++) inverseBox[at(box, value)] = value;
  for (let value = 0; value < size; value++) {
    const [out, back0] = [at(box, value), at(inverseBox, value)];
    let mix = (times(out, 2) << 24) | (out << 16) | (out << 8) | times(out, 3);
    let inverseMix =
      (times(back0, 14) << 24) | (times(back0, 9) << 16) | (times(back0, 13) << 8) | times(back0, 11);
    for (let row = 0; row < 4; row++) {
      const [ahead, behind] = [there[row], inverseTables[row]];
      if (ahead !== undefined) ahead[value] = mix;
      if (behind !== undefined) behind[value] = inverseMix;
      mix = (mix >>> 8) | (mix << 24);
      inverseMix = (inverseMix >>> 8) | (inverseMix << 24);
    }
  }
}
