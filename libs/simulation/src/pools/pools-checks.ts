/**
 * Invariants of a pool, with any crashes.
 *
 * 1. An attempt is at one agent: no other agent gets its token while that one has it.
 * 2. A slot never holds two attempts.
 * 3. An attempt with an outcome was done by an agent that was given it, and has one outcome.
 * 4. A task with a durable result is not done again, except by agents that could not know it.
 * 5. A living agent does not do an attempt twice. Exceptions are late senders, and attempts that the pool
 *    itself ended, such as for more urgent work.
 * 6. Parties that share agents, and always have work for them, get about the same.
 */
import type { HostFrame } from "@tutti/contracts/agent/v1";
import { FairnessCheck } from "./fairness-check.ts";
import { LateSenders } from "./late-senders.ts";
import type { PoolScene } from "./pool-scene.ts";
import { keyOf } from "./tokens.ts";

export class PoolsChecks {
  readonly fairness: FairnessCheck;
  readonly late = new LateSenders();
  readonly #world: PoolScene;
  /** The agent of each token, as far as the present owner can know. */
  readonly #holders = new Map<string, string>();
  readonly #slots = new Map<string, number>();
  readonly #started = new Set<string>();
  /** By token, the life of the agent that did it last, and was not asked by its pool to end it. */
  readonly #doneBy = new Map<string, string>();
  readonly #durable = new Set<string>();
  readonly #unwanted = new Set<string>();
  readonly #settled = new Map<string, string>();

  constructor(world: PoolScene) {
    this.#world = world;
    this.fairness = new FairnessCheck(world);
  }

  get settledCount(): number {
    return this.#settled.size;
  }

  /** Resets the knowledge for another owner: it knows only the messages that it receives. */
  owned(): void {
    this.#holders.clear();
    this.fairness.clear();
  }

  /** Records the greeting of an agent, with its running attempts that are wanted. */
  joined(agent: string, slots: number, tokens: readonly string[]): void {
    this.disconnected(agent);
    this.#slots.set(agent, slots);
    for (const token of tokens) this.#holders.set(token, agent);
  }

  disconnected(agent: string): void {
    for (const [token, holder] of this.#holders) if (holder === agent) this.#holders.delete(token);
  }

  /** Records a message of the pool to an agent. */
  received(agent: string, { assignments, cancels }: HostFrame): void {
    for (const { token } of cancels) this.#release(agent, keyOf(token));
    for (const { token } of assignments) this.#assigned(agent, keyOf(token));
    const assigned = [...this.#holders.values()].filter((holder) => holder === agent).length;
    const slots = this.#slots.get(agent) ?? 0;
    if (assigned > slots)
      this.#world.found("slots", `${agent} was given ${assigned} tasks for ${slots} slots`);
  }

  answered(agent: string, token: string): void {
    this.#release(agent, token);
  }

  /** @param life of the agent, from its start to its death */
  started(agent: string, life: number, token: string): void {
    this.#started.add(token);
    const doer = `${agent}, life ${life}`;
    if (this.#doneBy.get(token) === doer && !this.late.isExcused(token))
      this.#world.found("twice", `${agent} does ${token} twice`);
    this.#doneBy.set(token, doer);
    if (this.#durable.has(token) && !this.#unwanted.has(token) && !this.late.isExcused(token))
      this.#world.found("durable", `${agent} does ${token} again, whose result was durable`);
  }

  /** Records that the pool itself had an agent end or forget it. */
  forgotten(token: string): void {
    this.#doneBy.delete(token);
  }

  /** Records that its sender does not want it any more: its outcome is forgotten. */
  unwanted(token: string): void {
    this.#unwanted.add(token);
  }

  durable(token: string): void {
    this.#durable.add(token);
  }

  failed(token: string): void {
    this.#durable.delete(token);
  }

  settled(task: string, token: string, output: string): void {
    if (this.#settled.has(task)) this.#world.found("once", `${task} has two outcomes`);
    if (!this.#started.has(output))
      this.#world.found("invented", `${task} has the outcome of ${output}, which no agent made`);
    this.#settled.set(task, token);
  }

  #assigned(agent: string, token: string): void {
    const holder = this.#holders.get(token);
    if (holder !== undefined && holder !== agent)
      this.#world.found("leases", `${token} was given to ${agent} while ${holder} has it`);
    this.#holders.set(token, agent);
    this.fairness.started(token);
  }

  #release(agent: string, token: string): void {
    if (this.#holders.get(token) === agent) this.#holders.delete(token);
  }
}
