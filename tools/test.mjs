#!/usr/bin/env node
// `npm test`: sets everything up, then runs the static checks and every package's tests; `npm run test:slow` the slow
// ones. The last line is `N passed, N failed`.

import "./node-version.mjs";

import("./launch.mjs").then(({ launch }) =>
  launch("tools/verify.mjs", process.argv.slice(2), { wholeGroup: true }),
);
