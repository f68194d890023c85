// Imported into the process that runs a package's tests: which cases properties draw. The same ones each time, so that
// a change is not refused for an older fault. TUTTI_TEST_SEED=new draws new cases, and a failure prints their seed.

import fc from "fast-check";

const usual = 20_240_229;
const asked = process.env["TUTTI_TEST_SEED"];
if (asked !== "new") fc.configureGlobal({ seed: asked === undefined ? usual : Number(asked) });
