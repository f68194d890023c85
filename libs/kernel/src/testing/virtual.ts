/** Time and chance for those who test without a test runner's help, such as in the test of a user: nothing else comes along. */
export { seededChance } from "./seeded-chance.ts";
export { VirtualTime } from "./virtual-time.ts";
