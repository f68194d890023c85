// Imported into the process that runs a package's tests: which cases properties draw. The same ones each time, so that
// a change is not refused for what was wrong before it. TUTTI_TEST_SEED=new draws cases that nobody has tried, and a
// failure tells their seed.

import fc from "fast-check";

const usual = 20_240_229;
const asked = process.env["TUTTI_TEST_SEED"];
if (asked !== "new") fc.configureGlobal({ seed: asked === undefined ? usual : Number(asked) });
