/** Common parts of commands: they require an open session, and advance it afterwards. */
import { isRefusal } from "@tutti/kernel";
import { openCommands } from "@tutti/machine-work";
import type { SessionEffect } from "../effects.ts";
import type { Session, SessionStep, SessionView } from "../state.ts";
import { advance } from "./advance.ts";
import { life } from "./life.ts";

/** Defines a command to a session that has not ended. */
export const commandOf: ReturnType<typeof openCommands<Session, SessionEffect>> = openCommands(
  (session, step) => life.refusalIfEnded(session, step),
  goingOn,
);

/** Decides, and advances the session as far as possible. */
export function goingOn<Answer>(session: SessionView, step: SessionStep, decide: () => Answer): Answer {
  const answer = decide();
  if (!isRefusal(answer)) advance(session, step);
  return answer;
}
