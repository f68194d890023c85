import type { Session } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { Child } from "../../demo/child.ts";
import { drawRace, firstOf } from "../../drawing/race.ts";
import { type Platform, platformOf } from "../../local/clone.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { displayOf } from "../../terminal/states.ts";

const pollMs = 250;
/** Number of lanes, one for each mode. */
const lanes = 4;
/** Wait for the sessions. Without them, the racers could not connect or were rejected. */
const startMaxMs = 60_000;

export async function raceDemo(context: Context): Promise<Result> {
  const { shell, print } = context;
  const platform = platformOf(shell, "`tutti demo race`");
  const server = await connect(context);
  const name = `race-${new Date(shell.nowMs()).toISOString().slice(0, 19).replace(/\D/g, "")}`;
  const { namespace } = server.namespace;
  const racers = await startRacers({
    platform,
    server: server.url,
    name,
    namespace,
    report: (line) => print.note(line),
  });
  print.note(`${name}: one job in every mode, by four agents each. Dashboard: ${server.url}/race`);
  try {
    const { sessions, lines } = await follow(context, { server, name, hasEnded: () => racers.hasEnded });
    const isGood = sessions.length === lanes && sessions.every(({ status }) => status === "completed");
    if (!isGood && sessions.length < lanes)
      throw new Failure("The racing agents did not connect.", {
        why: racers.lastLines,
        exitCode: exitCodes.failed,
        code: "race_racers",
      });
    const first = firstOf(sessions);
    return {
      json: { race: name, first, sessions },
      quiet: [first ?? ""],
      draw: () => {
        print.lines(lines);
      },
      exitCode: isGood ? exitCodes.completed : exitCodes.failed,
    };
  } finally {
    await racers.kill();
  }
}

interface Following {
  readonly server: Server;
  readonly name: string;
  /** Whether the race is over. */
  readonly hasEnded: () => boolean;
}

/**
 * Draws the race until all sessions have ended, or until none can start.
 *
 * @returns the sessions, and the lines that people have not seen yet
 */
async function follow(
  context: Context,
  { server, name, hasEnded }: Following,
): Promise<{ readonly sessions: readonly Session[]; readonly lines: readonly string[] }> {
  const { shell, print } = context;
  const frames = print.frames("errors");
  const untilMs = shell.nowMs() + startMaxMs;
  let sessions: readonly Session[] = [];
  try {
    for (;;) {
      const wasOver = hasEnded();
      const query = { ...server.namespace, label: [`race=${name}`], oldestFirst: true, size: lanes };
      sessions = await fullSessions(server, (await server.call("sessions.list", { query })).sessions);
      const snapshot = sessions;
      const canvas = { height: lanes + 1, nowMs: shell.nowMs() };
      frames.draw((page) => drawRace(snapshot, { ...page, ...canvas }));
      const isOver = sessions.length === lanes && sessions.every(({ status }) => displayOf(status).isEnded);
      const hasFailed = wasOver || (sessions.length === 0 && shell.nowMs() > untilMs);
      if (isOver || hasFailed || shell.interrupted.aborted) {
        const page = { style: print.style, width: print.errorWidth };
        return { sessions, lines: frames.kind === "drawn" ? [] : drawRace(sessions, { ...page, ...canvas }) };
      }
      await shell.pause(pollMs, shell.interrupted);
    }
  } finally {
    frames.close();
  }
}

/** Reads each session, because lists are a moment behind. */
async function fullSessions(server: Server, listed: readonly Session[]): Promise<readonly Session[]> {
  return await Promise.all(
    listed.map(({ sessionId: id }) =>
      server.call("sessions.get", { params: { id }, query: server.namespace }),
    ),
  );
}

interface RacersOptions {
  readonly platform: Platform;
  /** URL of the platform. */
  readonly server: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly report: (line: string) => void;
}

/** Starts the program that connects the racing agents to the running platform and starts the sessions. */
async function startRacers({ platform, server, name, namespace, report }: RacersOptions): Promise<Child> {
  const { node, env } = await platform.setUp(report);
  // Settings of the user for other workers are not passed on.
  const own = Object.fromEntries(Object.entries(env).filter(([key]) => !key.startsWith("TUTTI_")));
  return new Child({
    node,
    leash: platform.leash,
    directory: process.cwd(),
    script: platform.pathOf("demo-race"),
    environment: {
      ...own,
      TUTTI_SERVER: server,
      RACE_NAME: name,
      ...(namespace === undefined ? {} : { TUTTI_NAMESPACE: namespace }),
    },
  });
}
