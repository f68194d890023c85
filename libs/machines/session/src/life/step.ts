/** What commands have in common: a session that continues, and that it continues by itself after them. */
import { isRefusal } from "@tutti/kernel";
import { openCommands } from "@tutti/machine-work";
import type { SessionEffect } from "../effects.ts";
import type { Session, SessionStep, SessionView } from "../state.ts";
import { advance } from "./advance.ts";
import { life } from "./life.ts";

/** A command to a session that has not ended. */
export const commandOf: ReturnType<typeof openCommands<Session, SessionEffect>> = openCommands(
  (session, step) => life.ended(session, step),
  goingOn,
);

/** Decides, and lets the session continue as far as it can. */
export function goingOn<Answer>(session: SessionView, step: SessionStep, decide: () => Answer): Answer {
  const answer = decide();
  if (!isRefusal(answer)) advance(session, step);
  return answer;
}
