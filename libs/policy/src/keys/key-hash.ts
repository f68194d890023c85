/**
 * The stored form of a key: a hash that costs memory and time (scrypt), in PHC string format:
 * `$scrypt$ln=15,r=8,p=1$<salt>$<hash>`.
 */
import { scrypt, timingSafeEqual } from "node:crypto";

export interface HashCost {
  /** Logarithm of the cost. One more doubles memory and time. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** 32 MiB and about 60 ms: the cost of each guess. */
export const keyHashCost: HashCost = { ln: 15, r: 8, p: 1 };
const saltBytes = 16;
const digestBytes = 32;
/** A hash comes from a bundle. A hash with a higher cost is rejected. */
const memoryMax = 128 * 1024 * 1024;
const form = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,88})\$([A-Za-z0-9+/]{43})$/;

export async function hashKey(
  secret: string,
  chance: { fill(bytes: Uint8Array): Uint8Array },
  cost: HashCost = keyHashCost,
): Promise<string> {
  const salt = chance.fill(new Uint8Array(saltBytes));
  const digest = await derive(secret, salt, cost);
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${plain(salt)}$${plain(digest)}`;
}

/** Returns whether a secret has this hash. An unreadable hash gives false, not an error. */
export async function isHashed(secret: string, hash: string): Promise<boolean> {
  const found = form.exec(hash);
  if (found === null) return false;
  const [, ln, r, p, salt = "", digest = ""] = found;
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) };
  if (cost.ln < 1 || cost.r < 1 || cost.p < 1 || memoryOf(cost) > memoryMax) return false;
  const expected = Buffer.from(digest, "base64");
  return timingSafeEqual(await derive(secret, Buffer.from(salt, "base64"), cost), expected);
}

function derive(secret: string, salt: Uint8Array, { ln, r, p }: HashCost): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const options = { N: 2 ** ln, r, p, maxmem: 2 * memoryMax };
  scrypt(secret, salt, digestBytes, options, (error, digest) => {
    if (error === null) resolve(digest);
    else reject(error);
  });
  return promise;
}

function memoryOf({ ln, r, p }: HashCost): number {
  return 128 * r * (2 ** ln + p);
}

/** Returns base64 without padding, as in PHC. */
function plain(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}
