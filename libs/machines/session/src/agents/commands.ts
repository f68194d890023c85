/**
 * Records the available agents of a session, as the observer sees them. Comparisons of modes use them. No decision
 * does.
 */
import { NoteAgents, SessionDone } from "@tutti/contracts/session/v1";
import { commandOf } from "../life/step.ts";
import { agentsSeenBytesMax } from "../limits.ts";
import { isGoing, type SessionCommand } from "../state.ts";
import { agentsNoted } from "./events.ts";

const done: SessionDone = {};

export const noteAgents: SessionCommand<NoteAgents, SessionDone> = commandOf({
  type: "note_agents",
  codec: NoteAgents,
  reply: SessionDone,
  decide(session, seen, step) {
    const hasRoom = session.agentsSeen.reduce((sum, { length }) => sum + length, 0) < agentsSeenBytesMax;
    if (hasRoom && isGoing(session) && seen.agents.length > 0) step.emit(agentsNoted, { seen });
    return done;
  },
});
