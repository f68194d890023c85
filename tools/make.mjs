#!/usr/bin/env node
// Makes a new package that passes every check as it is:
//
//   npm run make -- service NAME                 a service with its rooms and its contract, part of the platform
//   npm run make -- library NAME [--below LIB]   a library; it may import those up to LIB, and all if none is named

import "./node-version.mjs";

import("./launch.mjs").then(({ launch }) =>
  launch("tools/make/main.mjs", process.argv.slice(2), { wholeGroup: true }),
);
