import type { Session } from "@tutti/rest/types";
import type { Context } from "../../command/declaration.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { Failure } from "../../command/failure.ts";
import type { Result } from "../../command/presenter.ts";
import { startRacers } from "../../demo/racers.ts";
import { drawRace, firstOf } from "../../drawing/race.ts";
import { cloneOf } from "../../local/clone.ts";
import type { Server } from "../../server/calls.ts";
import { connect } from "../../server/server.ts";
import { Screen } from "../../terminal/screen.ts";
import { lookOf } from "../../terminal/states.ts";

const lookMs = 250;
/** As many as there are modes to race in. */
const lanes = 4;
/** Sessions that never come: the racers could not link, or were refused. */
const startMaxMs = 60_000;

export async function raceDemo(context: Context): Promise<Result> {
  const { shell, print } = context;
  const clone = cloneOf(shell);
  if (clone === undefined)
    throw new Failure("`tutti demo race` needs a clone of Tutti.", {
      next: ["Change to the clone and run: npx tutti demo race"],
      ...{ exitCode: exitCodes.usage, code: "no_clone" },
    });
  const server = await connect(context);
  const name = `race-${new Date(shell.nowMs()).toISOString().slice(0, 19).replace(/\D/g, "")}`;
  const { namespace } = server.namespace;
  const racers = await startRacers({
    clone,
    server: server.url,
    name,
    namespace,
    say: (line) => print.note(line),
  });
  print.note(`${name}: one job in every mode, by four agents each. Dashboard: ${server.url}/race`);
  try {
    const sessions = await follow(context, { server, name, hasEnded: () => racers.hasEnded });
    if (print.isJson) print.json({ race: name, first: firstOf(sessions), sessions });
    else if (print.isQuiet) print.line(firstOf(sessions) ?? "");
    const isGood = sessions.length === lanes && sessions.every(({ status }) => status === "completed");
    if (!isGood && sessions.length < lanes)
      throw new Failure("The racing agents did not connect.", {
        ...{ why: racers.lastWords, exitCode: exitCodes.failed, code: "race_racers" },
      });
    return isGood ? exitCodes.completed : exitCodes.failed;
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

/** Draws it until all have ended, or until nothing more will come. */
async function follow(context: Context, { server, name, hasEnded }: Following): Promise<readonly Session[]> {
  const { shell, print } = context;
  const isDrawn = shell.errors.isTerminal && !print.isJson && !print.isQuiet;
  const screen = isDrawn ? new Screen(shell.errors) : undefined;
  const untilMs = shell.nowMs() + startMaxMs;
  let sessions: readonly Session[] = [];
  try {
    for (;;) {
      const wasOver = hasEnded();
      const query = { ...server.namespace, label: [`race=${name}`], oldestFirst: true, size: lanes };
      sessions = await whole(server, (await server.call("sessions.list", { query })).sessions);
      const canvas = {
        style: print.errorStyle,
        width: print.errorWidth,
        height: lanes + 1,
        nowMs: shell.nowMs(),
      };
      screen?.draw(drawRace(sessions, canvas));
      const isOver = sessions.length === lanes && sessions.every(({ status }) => lookOf(status).isEnded);
      const isVain = wasOver || (sessions.length === 0 && shell.nowMs() > untilMs);
      if (isOver || isVain || shell.interrupted.aborted) {
        if (screen === undefined && !print.isJson && !print.isQuiet) print.lines(drawRace(sessions, canvas));
        return sessions;
      }
      await shell.pause(lookMs, shell.interrupted);
    }
  } finally {
    screen?.end();
  }
}

/** Lists are a moment behind. Each session itself is not. */
async function whole(server: Server, listed: readonly Session[]): Promise<readonly Session[]> {
  return await Promise.all(
    listed.map(({ sessionId: id }) =>
      server.call("sessions.get", { params: { id }, query: server.namespace }),
    ),
  );
}
