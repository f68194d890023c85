// Imported into the process that runs a package's tests: which cases properties draw. The same ones each time, so that
// a change is not refused for an older fault. TUTTI_TEST_SEED=new draws new cases, and a failure prints their seed.

import { isMainThread } from "node:worker_threads";

const usual = 20_240_229;
const asked = process.env["TUTTI_TEST_SEED"];
// Threads of what is tested are started with this file too. They draw nothing.
if (isMainThread && asked !== "new") {
  const { default: fc } = await import("fast-check");
  fc.configureGlobal({ seed: asked === undefined ? usual : Number(asked) });
}
