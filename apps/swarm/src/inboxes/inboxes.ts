/**
 * The inboxes of all pools that are owned here. The kept state of a pool has its inboxes. This follows every change.
 */
import type { Inbox } from "@tutti/contracts/swarm/v1";
import type { Component, ReadOnly } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { Tenant } from "../pools/tenant.ts";
import { InboxAgent, type InboxAgentParts } from "./inbox-agent.ts";

interface Follower {
  readonly agent: InboxAgent;
  revision: number;
}

export class Inboxes implements Component {
  readonly #parts: Omit<InboxAgentParts, "namespace" | "pool">;
  readonly #followers = new Map<Pool, Map<string, Follower>>();
  #isStopped = false;

  constructor(parts: Omit<InboxAgentParts, "namespace" | "pool">) {
    this.#parts = parts;
  }

  follow({ pool, contents: { inboxes } }: Tenant): void {
    if (this.#isStopped) return;
    const known = this.#followers.get(pool) ?? new Map<string, Follower>();
    if (inboxes.size > 0) this.#followers.set(pool, known);
    for (const [id, { value, revision }] of inboxes) this.#follow(pool, known, id, value, revision);
    for (const [id, { agent }] of known) {
      if (inboxes.has(id)) continue;
      known.delete(id);
      agent.remove();
    }
    if (known.size === 0) this.#followers.delete(pool);
  }

  remove(pool: Pool): void {
    for (const { agent } of this.#followers.get(pool)?.values() ?? []) agent.stop();
    this.#followers.delete(pool);
  }

  /** Number of open tasks of an inbox. */
  openTasks(pool: Pool, inboxId: string): number {
    return this.#followers.get(pool)?.get(inboxId)?.agent.openTasks ?? 0;
  }

  /** Returns whether a run is an open task of an inbox of the pool. */
  has(pool: Pool, runId: string): boolean {
    return [...(this.#followers.get(pool)?.values() ?? [])].some(({ agent }) => agent.has(runId));
  }

  /** Gives an open task to other people. Returns their run. Undefined if no inbox has such a task. */
  async delegate(
    pool: Pool,
    runId: string,
    people: readonly string[],
    reason: string,
  ): Promise<string | undefined> {
    for (const { agent } of this.#followers.get(pool)?.values() ?? []) {
      const moved = await agent.delegate(runId, people, reason);
      if (moved !== undefined) return moved;
    }
    return undefined;
  }

  drain(): void {
    this.#isStopped = true;
    for (const pool of [...this.#followers.keys()]) this.remove(pool);
  }

  #follow(
    pool: Pool,
    known: Map<string, Follower>,
    id: string,
    inbox: ReadOnly<Inbox>,
    revision: number,
  ): void {
    const follower = known.get(id);
    if (follower === undefined) {
      const { namespace, name } = pool;
      const agent = new InboxAgent({ ...this.#parts, namespace, pool: name }, inbox);
      known.set(id, { agent, revision });
      agent.start();
    } else if (follower.revision !== revision) {
      follower.revision = revision;
      follower.agent.update(inbox);
    }
  }
}
