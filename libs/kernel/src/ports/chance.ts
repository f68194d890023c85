import { getRandomValues } from "node:crypto";

/** Port for randomness, so that a simulation can replay it from a seed. */
export interface Chance {
  /** Returns a number in [0, 1). */
  random(): number;
  /** Fills the array with random bytes and returns it. */
  fill(target: Uint8Array): Uint8Array;
}

export const systemChance: Chance = {
  random: () => Math.random(),
  fill: (target) => getRandomValues(target as Uint8Array<ArrayBuffer>),
};
