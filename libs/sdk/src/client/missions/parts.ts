import type { boardService, missionService } from "@tutti/contracts/swarm/v1";
import type { Client } from "@tutti/mesh";
import type { ClientPorts } from "../work/followed.ts";

export interface MissionParts {
  readonly missions: Client<typeof missionService>;
  readonly board: Client<typeof boardService>;
  readonly namespace: string;
  readonly ports: ClientPorts;
}

/** Under whose name something is done on the board of which mission: an agent's, or the caller's own. */
export interface BoardPlace {
  readonly namespace: string;
  readonly missionId: string;
  /** Empty for a caller that is not an agent. */
  readonly agentId: string;
}
