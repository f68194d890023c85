// Imported into the process that runs a package's tests. Sets the seed of property tests: the same cases each time, so
// that a change does not fail because of an older fault. TUTTI_TEST_SEED=new draws new cases, and a failure prints
// their seed.

import { isMainThread } from "node:worker_threads";

const usual = 20_240_229;
const asked = process.env["TUTTI_TEST_SEED"];
// Threads of the tested code import this file too. They draw nothing.
if (isMainThread && asked !== "new") {
  const { default: fc } = await import("fast-check");
  fc.configureGlobal({ seed: asked === undefined ? usual : Number(asked) });
}
