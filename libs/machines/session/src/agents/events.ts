/** Records the agents that could execute its tasks. */
import { AgentsNotedV1, NoteAgents } from "@tutti/contracts/session/v1";
import type { SessionEvent } from "../state.ts";

export const agentsNoted: SessionEvent<AgentsNotedV1> = {
  type: "agents_noted",
  version: 1,
  codec: AgentsNotedV1,
  evolve(session, { seen }) {
    if (seen !== undefined) session.agentsSeen.push(NoteAgents.encode(seen).finish());
  },
};
