#!/usr/bin/env node
// `npm start`: sets everything up, then runs the platform. Arguments go to the platform: `npm start -- --help`.

import "./node-version.mjs";

import("./launch.mjs").then(({ launch }) =>
  launch("apps/platform/src/main.ts", process.argv.slice(2), { announcement: "starting the platform" }),
);
