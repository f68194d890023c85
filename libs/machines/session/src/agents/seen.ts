/** Observed agents, decoded from their notes. */
import { type AgentNote, NoteAgents } from "@tutti/contracts/session/v1";
import type { SessionView } from "../state.ts";

/** Returns all notes, in order. */
export function agentNotes({ agentsSeen }: Pick<SessionView, "agentsSeen">): readonly NoteAgents[] {
  return agentsSeen.map((bytes) => NoteAgents.decode(bytes as Uint8Array));
}

/** Returns the last observed state of each agent. Disconnected agents have no slots. */
export function agentsKnown(session: Pick<SessionView, "agentsSeen">): ReadonlyMap<string, AgentNote> {
  const known = new Map<string, AgentNote>();
  for (const { agents } of agentNotes(session)) for (const note of agents) known.set(note.agent, note);
  return known;
}
