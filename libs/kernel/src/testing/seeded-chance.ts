import type { Chance } from "../ports/chance.ts";

/** Returns reproducible randomness: the same seed gives the same sequence on every machine. Not for secrets. */
export function seededChance(seed: number): Chance {
  const next = smallFastCounter(seed);
  return {
    random: () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000,
    fill(target) {
      let word = 0;
      for (let index = 0; index < target.length; index++) {
        if ((index & 3) === 0) word = next();
        target[index] = word & 0xff;
        word >>>= 8;
      }
      return target;
    },
  };
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes the usual test batteries. */
function smallFastCounter(seed: number): () => number {
  let a = seed | 0;
  let b = Math.floor(seed / 0x1_0000_0000) | 0;
  let c = 0x9e3779b9 | 0;
  let counter = 1;
  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  // Neighbouring seeds start similarly. These rounds remove the similarity.
  for (let round = 0; round < 15; round++) next();
  return next;
}
