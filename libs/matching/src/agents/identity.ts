import type { AgentKind } from "@tutti/contracts/agent/v1";

/** Who an agent is. It does not change while it is there. */
export interface AgentIdentity {
  readonly agentId: string;
  readonly incarnation: string;
  readonly kind: AgentKind;
  readonly host: string;
  readonly sdk: string;
  readonly launchId: string;
  readonly joinMs: number;
}
