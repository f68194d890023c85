import type { Agent, WatchAgentsReply } from "@tutti/contracts/swarm/v1";
import { weightOfAgent } from "./weight.ts";

/** Of agents in one reply. */
const agentsMax = 500;
const bytesMax = 1_048_576;

/**
 * Agents in as many replies as they take. At least one. Of a snapshot only the last is live: who has all of it knows
 * all. There is no place to resume from: the next watch starts with a snapshot, which costs what it shows.
 */
export function* inReplies(
  agents: readonly Agent[],
  removed: WatchAgentsReply["removed"],
  isSnapshot: boolean,
): Generator<WatchAgentsReply> {
  let piece: Agent[] = [];
  let bytes = 0;
  for (const agent of agents) {
    const weight = weightOfAgent(agent);
    if (piece.length === agentsMax || (piece.length > 0 && bytes + weight > bytesMax)) {
      yield { agents: piece, removed: [], live: !isSnapshot, cursor: "" };
      piece = [];
      bytes = 0;
    }
    piece.push(agent);
    bytes += weight;
  }
  yield { agents: piece, removed, live: true, cursor: "" };
}
