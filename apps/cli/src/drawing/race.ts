/** Draws the state of a race: a lane for each mode with its progress, time, cost and slots. */
import type { Session } from "@tutti/rest/types";
import { drawBar } from "../terminal/bar.ts";
import { durationOf, progressOf } from "../terminal/progress.ts";
import { displayOf } from "../terminal/states.ts";
import { toned } from "../terminal/style.ts";
import { padEnd, padStart } from "../terminal/text.ts";
import { printDurationMs } from "../terminal/time.ts";
import type { Canvas } from "./canvas.ts";
import { printNumber } from "./choices.ts";

const modeWidth = 12;
const barMin = 10;
const barMax = 40;

export function drawRace(sessions: readonly Session[], { style, width, nowMs }: Canvas): string[] {
  const room = Math.max(barMin, Math.min(barMax, width - modeWidth - 50));
  const firstId = firstOf(sessions);
  const head = `${" ".repeat(modeWidth + room + 14)}${padStart("time", 9)}${padStart("cost", 8)}${padStart("slots", 7)}`;
  return [
    style.dim(head),
    ...inOrder(sessions).map((session) => {
      const { sessionId, spec, status, tasks, performance, used } = session;
      const { symbol, tone } = displayOf(status);
      const { done, total, text: progress } = progressOf(tasks);
      const share = total === 0 ? 0 : done / total;
      const tookMs = durationOf(session, nowMs) ?? 0;
      return [
        `${toned(style, tone, symbol)} ${padEnd(spec?.mode ?? "", modeWidth)}`,
        drawBar(share, room, style),
        padStart(progress, 8),
        padStart(printDurationMs(tookMs), 11),
        padStart(used?.money === undefined ? "–" : printNumber(used.money), 7),
        padStart(performance?.slots === undefined ? "–" : printNumber(performance.slots), 6),
        sessionId === firstId ? style.green("first") : "",
      ]
        .join(" ")
        .trimEnd();
    }),
  ];
}

const modes = ["workflow", "swarm", "intelligence", "hybrid"];

/** Sorts the lanes by mode, so that the order of starts does not matter. */
function inOrder(sessions: readonly Session[]): readonly Session[] {
  const place = ({ spec }: Session): number => modes.indexOf(spec?.mode ?? "");
  return [...sessions].sort((one, other) => place(one) - place(other));
}

/** Returns the winner among the completed sessions, once all have ended. */
export function firstOf(sessions: readonly Session[]): string | undefined {
  if (sessions.length === 0 || sessions.some(({ status }) => !displayOf(status).isEnded)) return undefined;
  const done = sessions.filter(({ status }) => status === "completed");
  return done.sort((one, other) => (durationOf(one, 0) ?? 0) - (durationOf(other, 0) ?? 0))[0]?.sessionId;
}
