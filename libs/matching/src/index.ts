export type { AgentLink, AgentOutlet, Joined } from "./api/agents.ts";
export type {
  AgentChange,
  HoldOrder,
  LimitRule,
  Pool,
  PoolOptions,
  PoolSettings,
} from "./api/pool.ts";
export type { OfferStream, SenderOutlet } from "./api/senders.ts";
export type { AgentLoad, Strategy, TaskView } from "./strategies/strategy.ts";
