#!/usr/bin/env node
// `npm start`: sets everything up, then runs the platform. `npm start -- --empty` leaves the demonstration out; all other
// arguments go to the platform: `npm start -- --help`.

import "./node-version.mjs";

const given = process.argv.slice(2);
const isEmpty = given.includes("--empty");

Promise.all([import("./launch.mjs"), import("./preset.mjs")]).then(([{ launch }, { presetOf }]) =>
  launch(
    "apps/platform/src/main.ts",
    given.filter((argument) => argument !== "--empty"),
    {
      announcement: "starting the platform",
      environment: { TUTTI_PRESET: presetOf({ isEmpty }) },
      withFronts: true,
    },
  ),
);
