import type { Foundation } from "@tutti/kernel";
import type { SwarmSettings } from "../configuration.ts";
import type { PoolDirectory } from "../pools/pool-directory.ts";
import type { PoolTime } from "../pools/pool-time.ts";
import type { AgentNews } from "./agents/agent-news.ts";

/** What the handlers work with. */
export interface Desk {
  readonly pools: PoolDirectory;
  readonly news: AgentNews;
  readonly now: PoolTime;
  readonly settings: SwarmSettings;
  readonly foundation: Foundation;
}
