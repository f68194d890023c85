/**
 * Tokens of effects on the wire: sixteen bytes that identify the instance, the effect and the attempt.
 *
 *     0           2             8        12        16
 *     │ partition │ incarnation │ number │ attempt │      little endian
 */
import type { EffectToken } from "../api.ts";

export const tokenBytes = 16;

export function writeToken({ partition, incarnation, number, attempt }: EffectToken): Uint8Array {
  const bytes = new Uint8Array(tokenBytes);
  const high = Math.floor(incarnation / 2 ** 32);
  bytes[0] = partition;
  bytes[1] = partition >>> 8;
  put32(bytes, 2, incarnation >>> 0);
  bytes[6] = high;
  bytes[7] = high >>> 8;
  put32(bytes, 8, number);
  put32(bytes, 12, attempt);
  return bytes;
}

/** Decodes a token. Bytes that are no token give a token that is not awaited. */
export function readToken(bytes: Uint8Array): EffectToken {
  return {
    partition: get16(bytes, 0),
    incarnation: get16(bytes, 6) * 2 ** 32 + get32(bytes, 2),
    number: get32(bytes, 8),
    attempt: get32(bytes, 12),
  };
}

function put32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function get16(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

function get32(bytes: Uint8Array, at: number): number {
  return (get16(bytes, at) | (get16(bytes, at + 2) << 16)) >>> 0;
}
