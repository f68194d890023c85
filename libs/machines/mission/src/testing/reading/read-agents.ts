/** Who takes part, as what, and who leads: nobody else does while that one's lease lasts. */
import type { Find, ReadEvent } from "./read-event.ts";

const leaseDefaultMs = 15_000;

export class ReadAgents {
  /** Roles by agent. */
  readonly roles = new Map<string, string>();
  leader = "";
  #leaderMs = 0;
  readonly #find: Find;
  // biome-ignore lint/suspicious/noExplicitAny: a specification as it was given
  readonly #spec: any;

  // biome-ignore lint/suspicious/noExplicitAny: as above
  constructor(spec: any, find: Find) {
    this.#spec = spec;
    this.#find = find;
  }

  get #leaseMs(): number {
    return this.#spec.leadership?.leaseMs || leaseDefaultMs;
  }

  joined({ body: { agent, role }, command }: ReadEvent): void {
    if (command?.type !== "join_board" || command.body.request.agentId !== agent)
      this.#find(`${agent} takes part and did not ask for it`);
    this.roles.set(agent, role);
    this.#count();
    const max = this.#spec.roles.find(({ name }: { name: string }) => name === role)?.maxAgents ?? 0;
    const count = [...this.roles.values()].filter((each) => each === role).length;
    if (max > 0 && count > max) this.#find(`${count} agents play ${role}, at most ${max} may`);
  }

  /** Whoever does a task takes part. */
  does(agent: string): void {
    if (agent === "" || this.roles.has(agent)) return;
    this.roles.set(agent, "");
    this.#count();
  }

  left({ body: { agent } }: ReadEvent): void {
    this.roles.delete(agent);
  }

  heard({ body: { agents, hearMs } }: ReadEvent): void {
    if (agents.includes(this.leader)) this.#leaderMs = hearMs + this.#leaseMs;
  }

  elected({ body: { agent, electMs } }: ReadEvent): void {
    if (this.roles.has(this.leader) && this.#leaderMs > electMs)
      this.#find(`${agent || "nobody"} is elected while the lease of ${this.leader} lasts`);
    if (agent !== "" && !this.roles.has(agent)) this.#find(`${agent} is elected and does not take part`);
    const role = this.#spec.leadership?.role ?? "";
    if (agent !== "" && role !== "" && this.roles.get(agent) !== role)
      this.#find(`${agent} is elected and does not play ${role}`);
    this.leader = agent;
    this.#leaderMs = agent === "" ? 0 : electMs + this.#leaseMs;
  }

  over(): void {
    this.leader = "";
    this.#leaderMs = 0;
  }

  #count(): void {
    const max = this.#spec.budget?.maxAgents ?? 0;
    if (max > 0 && this.roles.size > max)
      this.#find(`${this.roles.size} agents take part, at most ${max} may`);
  }
}
