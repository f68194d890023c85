#!/usr/bin/env node
// `npm start`: runs the set-up, then the platform from a bundle. `npm run dev` runs it from source, and restarts it
// after a change (dev.mjs). The options are in `help`. All other words go to the platform.

import "./node-version.mjs";

const given = process.argv.slice(2);
const isDev = given.includes("--dev");
const isEmpty = given.includes("--empty");

const help = `Starts the platform: npm start -- [OPTIONS]

  --port N|auto            ports N for dashboard and CLI, N + 1 for gRPC. auto: the first free pair from 7400 on
  --empty                  without the demonstration
  --paused                 starts no tasks until \`tutti release\`
  --nats[=PORT]            starts a NATS server for events, by default at port 4222
  --dev                    from source, with a restart after each change: \`npm run dev\`
  --help                   this text

Options of the platform:
`;

/** The platform only prints information for these words, so it needs no ports. */
const isQuestion = given.some((word) => word === "--help" || /^--explain(=|$)/.test(word));

async function start() {
  const [
    { giveUp, hold, launch, say },
    { presetOf },
    { natsPortIn, NoNats, startNats },
    { PortsTaken, withoutPort, withPorts },
  ] = await Promise.all([
    import("./launch.mjs"),
    import("./preset.mjs"),
    import("./nats.mjs"),
    import("./ports.mjs"),
  ]);
  const port = natsPortIn(given);
  let nats;
  const environment = { TUTTI_PRESET: presetOf({ isEmpty }) };
  const held = isDev || isQuestion ? undefined : hold(environment);
  const words = async () => (isQuestion ? withoutPort(platformWords()) : await withPorts(platformWords()));
  try {
    // Before the set-up, which can take minutes.
    await words();
    nats = port === undefined || isQuestion ? undefined : await startNats(port);
    if (nats !== undefined) say(`events are at nats://127.0.0.1:${port}: nats sub 'tutti.events.>'`);
    if (given.includes("--help")) process.stdout.write(`${help}\n`);
    await launch(
      isDev && !isQuestion ? "tools/dev.mjs" : "apps/platform/src/main.ts",
      // Chosen after the set-up: another process may have taken a port meanwhile.
      async () => [...(await words()), ...(nats?.words ?? [])],
      {
        ...(!isQuestion && { announcement: "starting the platform" }),
        environment,
        held,
        fronts: isDev ? ["page", "site", "command"] : ["page", "site", "command", "platform"],
        bundled: !isDev || isQuestion,
      },
    );
  } catch (error) {
    giveUp(held);
    if (!(error instanceof NoNats || error instanceof PortsTaken)) throw error;
    say(error.message);
    // As the platform itself for settings with which it cannot start.
    process.exitCode = error instanceof PortsTaken ? 2 : 1;
  } finally {
    await nats?.stop();
  }
}

function platformWords() {
  return given.flatMap((word) => {
    if (word === "--empty" || word === "--dev" || /^--nats(=\d*)?$/.test(word)) return [];
    // A unique name pauses only this start.
    return word === "--paused" ? [`--durable.pause=paused-${new Date().toISOString()}`] : [word];
  });
}

await start();
