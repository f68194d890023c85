#!/usr/bin/env node
// `npm run -s bench -- SCENARIO --json`: sets everything up, then measures. Only figures go to standard output.

import "./node-version.mjs";

import("./launch.mjs").then(({ launch }) =>
  launch("bench/src/main.ts", process.argv.slice(2), { wholeGroup: true }),
);
