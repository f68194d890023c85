/** Time and randomness for tests without a test runner, such as those of users. Nothing else is imported. */
export { seededChance } from "./seeded-chance.ts";
export { VirtualTime } from "./virtual-time.ts";
