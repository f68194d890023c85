/**
 * Agents as programs of this machine, each in a berth of its own. Agent ids are the scaler's, numbered from 1, so that an
 * agent that is started again is the same one, and one that was put aside stays so.
 *
 * 1. So many berths are there as agents are wanted; those that were put aside count, or a program that cannot run would be
 *    started for ever under new names.
 * 2. Of those that are to go, the ones that never joined go first, then those with the fewest tasks.
 */
import type { ProcessDriver as ProcessSettings } from "@tutti/contracts/swarm/v1";
import type { Foundation, IdSource } from "@tutti/kernel";
import { launchIdOf } from "@tutti/matching";
import type { AgentWindow, Closing, Driver, Standing } from "../driver.ts";
import { Berth } from "./berth.ts";
import { type AgentHome, environmentOf } from "./environment.ts";
import type { LaunchRecords } from "./leftovers.ts";

export interface ProcessDriverParts {
  readonly scalerId: string;
  readonly settings: ProcessSettings;
  readonly home: AgentHome;
  readonly agents: AgentWindow;
  readonly records: LaunchRecords;
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly joinMs: number;
  readonly quarantineAfter: () => number;
  /** How often in a row programs have ended by themselves where the pool was before, by agent. */
  readonly crashes: ReadonlyMap<string, number>;
}

const stopDefaultMs = 10_000;

export class ProcessDriver implements Driver {
  readonly kind = "process";
  readonly #parts: ProcessDriverParts;
  /** By number. */
  readonly #berths = new Map<number, Berth>();
  readonly #leaving = new Set<Berth>();
  /** Of those whose berth was not there yet. */
  readonly #crashes: Map<string, number>;
  #isClosed = false;

  constructor(parts: ProcessDriverParts) {
    this.#parts = parts;
    this.#crashes = new Map(parts.crashes);
  }

  want(count: number, reason: string): void {
    if (this.#isClosed) return;
    for (const berth of this.#berths.values()) berth.look();
    while (this.#berths.size < count) this.#add();
    if (this.#berths.size === count) return;
    const last = [...this.#berths].sort(([, one], [, other]) => this.#worth(one) - this.#worth(other));
    for (const [number, berth] of last.slice(0, this.#berths.size - count)) {
      this.#berths.delete(number);
      // Whoever has its name the next time begins anew.
      berth.forgive();
      void this.#dismiss(berth, reason, false);
    }
  }

  standing(): Standing {
    const all = [...this.#berths.values()];
    return {
      starting: all.filter(({ state }) => state === "starting" || state === "resting").length,
      quarantined: all.filter(({ state }) => state === "quarantined").length,
      error: all.findLast(({ error }) => error !== undefined)?.error,
    };
  }

  /** A person wants an agent that was put aside to be started again. */
  release(agentId: string): void {
    for (const berth of this.#berths.values()) if (berth.agentId === agentId) berth.release();
  }

  crashesOf(agentId: string): number {
    for (const berth of this.#berths.values()) if (berth.agentId === agentId) return berth.crashes;
    return 0;
  }

  /** Those whose program runs, or is about to, whether their agents have joined or not. */
  *launched(): Generator<{ readonly agentId: string; readonly launchId: string; readonly sinceMs: number }> {
    for (const { agentId, launched } of this.#berths.values())
      if (launched !== undefined) yield { agentId, ...launched };
  }

  async close(how: Closing): Promise<void> {
    this.#isClosed = true;
    const reason = how === "deleted" ? "its scaler is deleted" : "this process lets go of its pool";
    const all = [...this.#berths.values(), ...this.#leaving];
    this.#berths.clear();
    await Promise.all(all.map((berth) => this.#dismiss(berth, reason, how === "left")));
  }

  async #dismiss(berth: Berth, reason: string, isHurried: boolean): Promise<void> {
    this.#leaving.add(berth);
    await berth.end(reason, isHurried);
    this.#leaving.delete(berth);
  }

  #worth({ state, agentId }: Berth): number {
    if (state === "quarantined") return -3;
    if (state === "resting") return -2;
    return this.#parts.agents.busy(agentId) ?? -1;
  }

  #add(): void {
    const { settings, scalerId, foundation, ids, home, agents, records, joinMs, quarantineAfter } =
      this.#parts;
    const number = this.#freeNumber();
    const agentId = `${scalerId}-${number}`;
    const crashes = this.#crashes.get(agentId) ?? 0;
    this.#crashes.delete(agentId);
    const berth = new Berth({
      ...{ agentId, crashes, agents, records, joinMs, quarantineAfter },
      command: settings.command,
      directory: settings.directory,
      stopMs: settings.stopMs || stopDefaultMs,
      environment: (launchId) => environmentOf(settings, home, { agentId, launchId }),
      newLaunchId: () => launchIdOf(scalerId, ids.newId("launch")),
      clock: foundation.clock,
      timers: foundation.timers,
      chance: foundation.chance,
      logger: foundation.logger,
    });
    this.#berths.set(number, berth);
  }

  /** Whoever still leaves has its name until it has left. */
  #freeNumber(): number {
    const { scalerId } = this.#parts;
    const taken = new Set([...this.#leaving].map(({ agentId }) => agentId));
    let number = 1;
    while (this.#berths.has(number) || taken.has(`${scalerId}-${number}`)) number++;
    return number;
  }
}
