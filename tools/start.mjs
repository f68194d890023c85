#!/usr/bin/env node
// `npm start`: sets everything up, then runs the platform. `npm start -- --empty` leaves the demonstration out, `--paused`
// has nothing executed until `tutti release`; all other arguments go to the platform: `npm start -- --help`.

import "./node-version.mjs";

const given = process.argv.slice(2);
const isEmpty = given.includes("--empty");

Promise.all([import("./launch.mjs"), import("./preset.mjs")]).then(([{ launch }, { presetOf }]) =>
  launch(
    "apps/platform/src/main.ts",
    given.flatMap((argument) => {
      if (argument === "--empty") return [];
      // A name of its own: this start is paused, and the next one is not by the same.
      return argument === "--paused" ? [`--durable.pause=paused-${new Date().toISOString()}`] : [argument];
    }),
    {
      announcement: "starting the platform",
      environment: { TUTTI_PRESET: presetOf({ isEmpty }) },
      withFronts: true,
    },
  ),
);
