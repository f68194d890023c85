#!/usr/bin/env node
// `npm test`: sets everything up, then runs the static checks and every package's tests; `npm run test:slow` the slow
// ones. The last line is `N passed, N failed`.

import "./node-version.mjs";

const given = process.argv.slice(2);
import("./launch.mjs").then(({ launch }) =>
  launch("tools/verify.mjs", given, { wholeGroup: true, withFronts: given.includes("--slow") }),
);
