import type { agentService, poolService } from "@tutti/contracts/swarm/v1";
import type { Foundation } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { SwarmSettings } from "../configuration.ts";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolStore } from "../pools/pool-store.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import type { AgentUpdates } from "./agents/agent-updates.ts";

/** The dependencies of the handlers. */
export interface PoolDependencies {
  readonly pools: PoolDirectory;
  /** Stored state of the pools. */
  readonly poolStore: PoolStore;
  /** Pools of this process and of others. */
  readonly remote: Client<typeof poolService>;
  /** Agents of this process and of others. */
  readonly remoteAgents: Pick<Client<typeof agentService>, "listAgents">;
  readonly updates: AgentUpdates;
  readonly now: PoolTime;
  readonly settings: SwarmSettings;
  readonly foundation: Foundation;
}
