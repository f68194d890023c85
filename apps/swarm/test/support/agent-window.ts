import type { AgentWindow } from "../../src/scaling/drivers/driver.ts";

/** Agents that join on request of a test. */
export class ScriptedWindow implements AgentWindow {
  readonly joined = new Map<string, number>();
  readonly calls: string[] = [];

  busy(agentId: string): number | undefined {
    return this.joined.get(agentId);
  }

  drain(agentId: string): void {
    this.calls.push(`drain ${agentId}`);
    this.joined.delete(agentId);
  }

  quarantine(agentId: string, reason: string): void {
    this.calls.push(`quarantine ${agentId}: ${reason}`);
  }

  release(agentId: string): void {
    this.calls.push(`release ${agentId}`);
  }

  crashed(agentId: string, crashes: number): void {
    this.calls.push(`crashed ${agentId}: ${crashes}`);
  }

  started(agentId: string): void {
    this.calls.push(`started ${agentId}`);
  }

  exited(agentId: string): void {
    this.calls.push(`ended ${agentId}`);
    this.joined.delete(agentId);
  }
}
