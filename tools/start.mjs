#!/usr/bin/env node
// `npm start`: sets everything up, then runs the platform from a bundle. `npm run dev` runs it from source, and restarts it
// after a change (dev.mjs). `-- --empty` leaves the demonstration out, `--paused` has nothing executed until `tutti release`,
// `--nats` gives it a NATS server for its events, `--port auto` chooses free ports; all other arguments go to the platform: `npm start -- --help`.

import "./node-version.mjs";

const given = process.argv.slice(2);
const isDev = given.includes("--dev");
const isEmpty = given.includes("--empty");

async function start() {
  const [{ launch, say }, { presetOf }, { natsPortIn, NoNats, startNats }, { PortsTaken, withPorts }] =
    await Promise.all([
      import("./launch.mjs"),
      import("./preset.mjs"),
      import("./nats.mjs"),
      import("./ports.mjs"),
    ]);
  const port = natsPortIn(given);
  let nats;
  let words;
  try {
    words = await withPorts(platformWords());
    nats = port === undefined ? undefined : await startNats(port);
  } catch (error) {
    if (!(error instanceof NoNats || error instanceof PortsTaken)) throw error;
    say(error.message);
    process.exitCode = 1;
    return;
  }
  if (nats !== undefined) say(`events are at nats://127.0.0.1:${port}: nats sub 'tutti.events.>'`);
  await launch(isDev ? "tools/dev.mjs" : "apps/platform/src/main.ts", [...words, ...(nats?.words ?? [])], {
    announcement: "starting the platform",
    environment: { TUTTI_PRESET: presetOf({ isEmpty }) },
    fronts: isDev ? ["page", "command"] : ["page", "command", "platform"],
    bundled: !isDev,
  });
  await nats?.stop();
}

function platformWords() {
  return given.flatMap((word) => {
    if (word === "--empty" || word === "--dev" || /^--nats(=\d*)?$/.test(word)) return [];
    // A name of its own: this start is paused, and the next one is not by the same.
    return word === "--paused" ? [`--durable.pause=paused-${new Date().toISOString()}`] : [word];
  });
}

await start();
