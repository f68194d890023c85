/**
 * Agents as programs that are started one by one, each in a berth of its own. The scaler numbers the agent
 * ids from 1, so a restarted agent keeps its id, and a quarantined one stays quarantined.
 *
 * 1. There are as many berths as wanted agents. Quarantined ones count: otherwise a program that cannot run
 *    would be started for ever under new names.
 * 2. Agents that never joined are removed first, then those with the fewest tasks. An agent of an earlier
 *    process has time to link again first.
 * 3. Nothing is started before the running programs are known.
 */
import type { Foundation, IdSource } from "@tutti/kernel";
import type { Crashes, ScalerPast } from "@tutti/machine-entities/pool";
import { launchIdOf } from "@tutti/matching";
import type { AgentWindow, Closing, Driver, DriverStatus } from "../driver.ts";
import { Berth, type StartedProgram } from "./berth.ts";
import type { Programs } from "./programs.ts";

export interface BerthDriverParts {
  readonly kind: "process" | "container";
  readonly scalerId: string;
  readonly programs: Programs;
  readonly agents: AgentWindow;
  /** How long a program has to end after a request. */
  readonly stopMs: number;
  readonly foundation: Foundation;
  readonly ids: IdSource;
  readonly joinMs: number;
  readonly quarantineAfter: () => number;
  /** Crashes in a row at the previous owner of the pool, by agent. */
  readonly crashes: ScalerPast["crashes"];
  /** Finds running programs that an earlier process started. Called once, before anything is started. */
  readonly earlier?: (isNeeded: () => boolean) => Promise<readonly Earlier[]>;
}

/** A program of an earlier process. */
export interface Earlier extends StartedProgram {
  readonly agentId: string;
  /** True if the scaler would start something else now: the program has to go. */
  readonly isStale: boolean;
}

const reasons: Readonly<Record<Closing, string>> = {
  deleted: "its scaler is deleted",
  replaced: "its scaler starts other programs",
  left: "this process releases its pool",
};

export class BerthDriver implements Driver {
  readonly kind: "process" | "container";
  readonly #parts: BerthDriverParts;
  /** By number. */
  readonly #berths = new Map<number, Berth>();
  readonly #leaving = new Set<Berth>();
  /** Crashes of agents whose berth does not exist yet. */
  readonly #crashes: Map<string, Crashes>;
  #isClosed = false;
  #isReady: boolean;
  #requested: { readonly count: number; readonly reason: string } | undefined;

  constructor(parts: BerthDriverParts) {
    this.kind = parts.kind;
    this.#parts = parts;
    this.#crashes = new Map(parts.crashes);
    this.#isReady = parts.earlier === undefined;
    if (!this.#isReady) void this.#adopt();
  }

  setCount(count: number, reason: string): void {
    if (this.#isClosed) return;
    this.#requested = { count, reason };
    if (!this.#isReady) return;
    for (const berth of this.#berths.values()) berth.check();
    while (this.#berths.size < count) this.#add();
    if (this.#berths.size <= count) return;
    const last = [...this.#berths]
      .filter(([, berth]) => !berth.isReconnecting)
      .sort(([, one], [, other]) => this.#worth(one) - this.#worth(other));
    for (const [number, berth] of last.slice(0, this.#berths.size - count)) {
      this.#berths.delete(number);
      // The next agent with its name starts without crashes.
      berth.forgive();
      if (berth.state === "quarantined") this.#parts.agents.release(berth.agentId, reason);
      void this.#dismiss(berth, reason, false);
    }
  }

  status(): DriverStatus {
    const all = [...this.#berths.values()];
    return {
      starting: all.filter(({ state }) => state === "starting" || state === "resting").length,
      quarantined: all.filter(({ state }) => state === "quarantined").length,
      error: this.#parts.programs.trouble?.() ?? all.findLast(({ error }) => error !== undefined)?.error,
    };
  }

  /** Restarts a quarantined agent on request of a user. */
  release(agentId: string): void {
    for (const berth of this.#berths.values()) if (berth.agentId === agentId) berth.release();
  }

  crashesOf(agentId: string): number {
    for (const berth of this.#berths.values()) if (berth.agentId === agentId) return berth.crashes;
    return 0;
  }

  /** Returns whether a program with this id is managed here, also one that is ending. */
  holds(launchId: string): boolean {
    for (const berth of [...this.#berths.values(), ...this.#leaving])
      if (berth.launchId === launchId) return true;
    return false;
  }

  /** Yields agents whose program runs or starts, whether they have joined or not. */
  *launched(): Generator<{ readonly agentId: string; readonly launchId: string; readonly sinceMs: number }> {
    for (const { agentId, launched } of this.#berths.values())
      if (launched !== undefined) yield { agentId, ...launched };
  }

  async close(mode: Closing): Promise<void> {
    this.#isClosed = true;
    const all = [...this.#berths.values(), ...this.#leaving];
    this.#berths.clear();
    if (mode !== "left")
      for (const { agentId, state } of all)
        if (state === "quarantined") this.#parts.agents.release(agentId, reasons[mode]);
    await Promise.all(all.map((berth) => this.#dismiss(berth, reasons[mode], mode !== "deleted")));
  }

  async #dismiss(berth: Berth, reason: string, isHurried: boolean): Promise<void> {
    this.#leaving.add(berth);
    await berth.stop(reason, isHurried);
    this.#leaving.delete(berth);
  }

  #worth({ state, agentId }: Berth): number {
    if (state === "quarantined") return -3;
    if (state === "resting") return -2;
    return this.#parts.agents.busy(agentId) ?? -1;
  }

  async #adopt(): Promise<void> {
    const { earlier, scalerId } = this.#parts;
    for (const { agentId, isStale, ...begun } of (await earlier?.(() => !this.#isClosed)) ?? []) {
      const number = Number(agentId.slice(scalerId.length + 1));
      const isSecond = this.#berths.has(number);
      const berth = this.#berthOf(agentId, begun);
      if (isStale || isSecond || this.#isClosed)
        void this.#dismiss(berth, "another one takes its place", true);
      else this.#berths.set(number, berth);
    }
    this.#isReady = true;
    if (this.#requested !== undefined) this.setCount(this.#requested.count, this.#requested.reason);
  }

  #add(): void {
    const number = this.#freeNumber();
    this.#berths.set(number, this.#berthOf(`${this.#parts.scalerId}-${number}`));
  }

  #berthOf(agentId: string, started?: StartedProgram): Berth {
    const { programs, scalerId, foundation, ids, agents, joinMs, quarantineAfter, stopMs } = this.#parts;
    const crashes = this.#crashes.get(agentId) ?? { count: 0, how: "" };
    this.#crashes.delete(agentId);
    return new Berth({
      agentId,
      crashes,
      agents,
      joinMs,
      quarantineAfter,
      programs,
      started,
      stopMs,
      newLaunchId: () => launchIdOf(scalerId, ids.newId("launch")),
      clock: foundation.clock,
      timers: foundation.timers,
      chance: foundation.chance,
      logger: foundation.logger,
    });
  }

  /** A leaving agent keeps its name until it has left. */
  #freeNumber(): number {
    const { scalerId } = this.#parts;
    const usedIds = new Set([...this.#leaving].map(({ agentId }) => agentId));
    let number = 1;
    while (this.#berths.has(number) || usedIds.has(`${scalerId}-${number}`)) number++;
    return number;
  }
}
