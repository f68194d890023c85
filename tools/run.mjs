#!/usr/bin/env node
// `node tools/run.mjs SCRIPT …`: sets everything up, then runs a script of the workspace on the workspace's Node.
// Only the script prints to standard output.

import "./node-version.mjs";

import("./launch.mjs").then(({ launch }) =>
  launch(process.argv[2], process.argv.slice(3), { wholeGroup: true }),
);
