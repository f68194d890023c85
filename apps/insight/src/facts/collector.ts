/**
 * Records facts from the lists of the services.
 *
 * 1. A list is read by the time at which its work ended, oldest window first, up to the time its service has indexed. The
 *    position is kept with the rows. So a lost file is rebuilt completely.
 * 2. Work never waits for the collector. After each page it pauses for a multiple of the time that the page took. Under
 *    load it falls behind, and reports how far.
 * 3. Placements come from the owners of pools, who keep the latest ones in memory. States of agents are those that a
 *    round saw.
 * 4. A query waits for a round, for a few seconds at most. Then it is answered from the recorded facts.
 */
import { ListDecisionsRequest } from "@tutti/contracts/governance/v1";
import { ListChoicesRequest } from "@tutti/contracts/intelligence/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import type { PageReply, TimeRange } from "@tutti/contracts/types/v1";
import {
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  type Health,
  healthy,
  sleep,
  type Timer,
  toTimestamp,
} from "@tutti/kernel";
import type { Mesh } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import { insightPool } from "../insight-role.ts";
import { isWaitedFor } from "../series/agent-series.ts";
import { AgentFacts } from "./agent-facts.ts";
import type { FactBatch } from "./fact-store.ts";
import { clientsOf, type ListOf, listsOf, pageSize } from "./lists.ts";
import { choiceRow, decisionRow, placementRow } from "./rows.ts";
import type { FactRow } from "./tables.ts";
import type { FactThread } from "./thread/fact-thread.ts";

export interface CollectorParts {
  readonly foundation: Foundation;
  readonly mesh: Pick<Mesh, "client">;
  readonly thread: Pick<FactThread, "request">;
  readonly everyMs: number;
  readonly retentionMs: number;
}

/** Placements are read in larger pages: a reply has up to this many, and their rows are small. */
const placedMax = 2_000;
/** Factor between the time of work and the pause after it. It limits the load to three hundredths of a core. */
const restFactor = 30;
/** A service may not have indexed the last moments yet. */
const settleMs = 1_500;
const hurryMs = 3_000;
/** Maximum factor between rounds while no work ends. Each round wakes the threads of archive, audit and facts. */
const rarerMax = 10;
/** Maximum age of a round that is recent enough for a query. */
const freshMs = 5_000;
const togetherMax = 8;
/** Maximum number of rounds that a report waits for. */
const roundsMax = 4;
const callMs = 10_000;
const lateMs = 120_000;
const sweepEveryMs = 3_600_000;

export class FactCollector implements Component {
  readonly #parts: CollectorParts;
  readonly #lists: readonly ListOf<never>[];
  readonly #clients: ReturnType<typeof clientsOf>;
  readonly #stopping = new AbortController();
  #cursors: Record<string, number> | undefined;
  /** Cursors without rows. The next record with rows writes them. */
  #passed: Record<string, number> = {};
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #hurryUntilMs = 0;
  #lastMs = 0;
  #sweptMs = 0;
  /** Rounds in a row that found no work. */
  #emptyRounds = 0;
  #hasFound = false;
  #problem = "";
  readonly #agentFacts = new AgentFacts();
  #queued: (namespace: string) => void = () => {};
  #used: (namespace: string) => void = () => {};

  constructor(parts: CollectorParts) {
    this.#parts = parts;
    this.#clients = clientsOf(parts.mesh);
    // The cast: a list is only read together with its own items.
    this.#lists = listsOf(this.#clients, this.#options) as unknown as readonly ListOf<never>[];
    const { clock, metrics } = parts.foundation;
    metrics
      .gauge({
        name: "tutti_insight_facts_lag_seconds",
        help: "Lag of the recorded facts. 0 before the first round.",
      })
      .observe({}, () => (this.#lastMs === 0 ? 0 : Math.max(0, clock.now() - this.recordedMs()) / 1_000));
  }

  /** Sets the listener, which is called with each namespace that has tasks for insight. */
  onQueued(listener: (namespace: string) => void): void {
    this.#queued = listener;
  }

  /** Sets the listener, which is called with each namespace that has agents or queued tasks. */
  onUsed(listener: (namespace: string) => void): void {
    this.#used = listener;
  }

  start(): void {
    this.#next();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#stopping.abort();
    await this.#round;
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(this.#problem);
  }

  /** Returns the time before which everything that ended is recorded. 0 if it is not known yet. */
  recordedMs(): number {
    const ends = Object.entries(this.#cursors ?? {}).filter(([name]) => name.endsWith("/ended"));
    return ends.length === 0 ? 0 : Math.min(...ends.map(([, ms]) => ms));
  }

  /** Waits until ended work is recorded, for a few seconds at most. */
  async catchUp(): Promise<void> {
    if (this.#parts.foundation.clock.now() - this.#lastMs >= freshMs) await this.#collectWithin(hurryMs);
  }

  /**
   * Waits until work that ended before this call is recorded, for a limited time, over several rounds if one started
   * earlier or failed. Returns the time before which everything is recorded.
   */
  async recordAll(patienceMs: number): Promise<number> {
    const { clock, timers } = this.#parts.foundation;
    const nowMs = clock.now();
    const untilMs = clock.monotonic() + patienceMs;
    for (let round = 0; round < roundsMax && !this.#isStopping; round++) {
      const remainingMs = untilMs - clock.monotonic();
      if (remainingMs <= 0 || this.recordedMs() >= nowMs) break;
      if (round > 0) await sleep(timers, settleMs);
      await this.#collectWithin(remainingMs);
    }
    return this.recordedMs();
  }

  /** Hurries a round, and waits for it for a limited time. */
  async #collectWithin(patienceMs: number): Promise<void> {
    const { clock, timers } = this.#parts.foundation;
    this.#hurryUntilMs = clock.monotonic() + patienceMs;
    const ended = new AbortController();
    try {
      await Promise.race([this.#collect(), sleep(timers, patienceMs, ended.signal)]);
    } finally {
      ended.abort();
    }
  }

  #next(): void {
    if (this.#isStopping) return;
    const rarer = Math.min(rarerMax, 2 ** this.#emptyRounds);
    const { timers } = this.#parts.foundation;
    this.#timer = timers.after(this.#parts.everyMs * rarer, () => void this.#collect());
  }

  /** Runs a round. The interval to the next round starts here, even if a query caused this one. */
  #collect(): Promise<void> {
    this.#timer?.cancel();
    this.#round ??= this.#collectAll()
      .catch((error: unknown) => this.#failed(errorFromUnknown(error).message))
      .finally(() => {
        this.#round = undefined;
        this.#next();
      });
    return this.#round;
  }

  async #collectAll(): Promise<void> {
    try {
      await this.#all();
    } catch (error) {
      if (!insightErrors.factsRenewed.is(error)) throw error;
      this.#parts.foundation.logger.warn("the file of facts was damaged or missing, and is created again");
      this.#cursors = undefined;
      this.#passed = {};
      await this.#all();
    }
  }

  async #all(): Promise<void> {
    const { clock } = this.#parts.foundation;
    const nowMs = clock.now();
    this.#hasFound = false;
    if (this.#cursors === undefined) {
      this.#agentFacts.recall(await this.#parts.thread.request("agents", undefined));
      this.#cursors = { ...(await this.#parts.thread.request("cursors", undefined)) };
    }
    const namespaces = await this.#namespaces();
    for (let first = 0; first < namespaces.length; first += togetherMax)
      await allOf(namespaces.slice(first, first + togetherMax).map((each) => this.#namespace(each, nowMs)));
    if (nowMs - this.#sweptMs >= sweepEveryMs) {
      while (
        (await this.#parts.thread.request("sweep", nowMs - this.#parts.retentionMs)) > 0 &&
        !this.#isStopping
      );
      this.#sweptMs = nowMs;
    }
    this.#lastMs = nowMs;
    this.#emptyRounds = this.#hasFound ? 0 : Math.min(this.#emptyRounds + 1, rarerMax);
    this.#problem = "";
  }

  /** Reads the lists of a namespace concurrently, because each waits for its index. */
  async #namespace(namespace: string, nowMs: number): Promise<void> {
    const windows = this.#lists.flatMap((list) => [
      this.#window(namespace, list, "ended", nowMs),
      this.#window(namespace, list, "created", nowMs),
    ]);
    const decisions = [
      this.#decided(namespace, "access", nowMs, async (range, page) => {
        const request = ListDecisionsRequest.fromPartial({ namespace, decided: range, page });
        const found = await this.#clients.policies.listDecisions(request, this.#options);
        return { rows: found.decisions.map((each) => decisionRow(namespace, each)), page: found.page };
      }),
      this.#decided(namespace, "choice", nowMs, async (range, page) => {
        const request = ListChoicesRequest.fromPartial({ namespace, chosen: range, page });
        const found = await this.#clients.planning.listChoices(request, this.#options);
        return { rows: found.choices.map((each) => choiceRow(namespace, each)), page: found.page };
      }),
    ];
    await allOf([...windows, ...decisions, this.#agents(namespace), this.#placements(namespace)]);
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #namespaces(): Promise<readonly string[]> {
    const { resources } = await this.#clients.namespaces.listNamespaces(
      { labels: undefined, page: { size: 1_000, token: "" } },
      this.#options,
    );
    return [...new Set(["default", ...resources.map(({ name }) => name)])];
  }

  /** Reads the part of a list that has not been read: by the end of the work, or by its acceptance. */
  async #window(
    namespace: string,
    list: ListOf<never>,
    by: "ended" | "created",
    nowMs: number,
  ): Promise<void> {
    const cursor = `${namespace}/${list.name}/${by}`;
    const fromMs = Math.max(this.#cursors?.[cursor] ?? 0, nowMs - this.#parts.retentionMs);
    let toMs = nowMs - settleMs;
    if (toMs <= fromMs) return;
    let token = "";
    do {
      if (this.#isStopping) return;
      const startMs = this.#parts.foundation.clock.monotonic();
      const range = { from: toTimestamp(fromMs), to: toTimestamp(toMs) };
      const { items, page, indexedMs } = await list.read(namespace, { [by]: range }, token);
      if (indexedMs > 0) toMs = token === "" ? Math.min(toMs, indexedMs) : toMs;
      const attempts: FactRow[] = [];
      const work: FactRow[] = [];
      if (by === "created") for (const item of items) if (!list.hasEnded(item)) work.push(list.row(item));
      if (by === "ended")
        for (const item of items) {
          if (this.#isStopping) return;
          const itemMs = this.#parts.foundation.clock.monotonic();
          const { rows, used } = await list.attempts(item);
          for (const row of rows) attempts.push(row);
          work.push(list.row(item, used));
          await this.#rest(itemMs);
        }
      token = page?.nextToken ?? "";
      const cursors = token === "" ? { [cursor]: Math.max(fromMs, toMs) } : {};
      await this.#record({ work, attempt: attempts }, cursors);
      if (items.length > 0) {
        this.#hasFound = true;
        await this.#rest(startMs);
      }
    } while (token !== "");
  }

  async #agents(namespace: string): Promise<void> {
    const request = swarm.ListAgentsRequest.fromPartial({ namespace, page: { size: 1_000 } });
    const { agents, page } = await this.#clients.agents.listAgents(request, this.#options);
    if (agents.length > 0) this.#used(namespace);
    const isComplete = (page?.nextToken ?? "") === "";
    const nowMs = this.#parts.foundation.clock.now();
    const { rows, remember } = this.#agentFacts.round(namespace, agents, isComplete, nowMs);
    if (rows.agent.length > 0) await this.#record(rows, {});
    remember();
  }

  /**
   * Reads decisions. Processes report decisions in batches, so they arrive late. The last minutes are read again, and an
   * existing row is replaced by the same row.
   */
  async #decided(
    namespace: string,
    of: "access" | "choice",
    nowMs: number,
    read: (
      range: TimeRange,
      page: { size: number; token: string },
    ) => Promise<{ rows: FactRow[]; page?: PageReply | undefined }>,
  ): Promise<void> {
    const cursor = `${namespace}/${of}/decided`;
    const fromMs = Math.max((this.#cursors?.[cursor] ?? 0) - lateMs, nowMs - this.#parts.retentionMs);
    const made = { from: toTimestamp(fromMs), to: toTimestamp(nowMs) };
    let token = "";
    do {
      if (this.#isStopping) return;
      const startMs = this.#parts.foundation.clock.monotonic();
      const { rows, page } = await read(made, { size: pageSize, token });
      token = page?.nextToken ?? "";
      const cursors = token === "" ? { [cursor]: nowMs } : {};
      await this.#record({ decision: rows }, cursors);
      if (rows.length > 0) await this.#rest(startMs);
    } while (token !== "");
  }

  /** Records the placements of a namespace's pools. Each epoch of a pool has a new owner, which counts from 1. */
  async #placements(namespace: string): Promise<void> {
    const request = swarm.ListPoolsRequest.fromPartial({ namespace, page: { size: 1_000 } });
    const { pools } = await this.#clients.pools.listPools(request, this.#options);
    if (pools.some(isWaitedFor)) this.#used(namespace);
    for (const { pool, status } of pools) {
      if (pool === insightPool && isWaitedFor({ status })) this.#queued(namespace);
      const cursor = `${namespace}/${pool}/placed`;
      for (let isMore = true; isMore && !this.#isStopping; ) {
        const startMs = this.#parts.foundation.clock.monotonic();
        const known = { after: this.#cursors?.[cursor] ?? 0, epoch: this.#cursors?.[`${cursor}-epoch`] ?? 0 };
        const { attempts, last, epoch } = await this.#clients.pools.listPlacedAttempts(
          { namespace, pool, ...known, count: placedMax },
          this.#options,
        );
        const read = attempts.at(-1)?.sequence ?? last;
        isMore = attempts.length > 0 && read < last;
        if (attempts.length === 0) break;
        const placement = attempts.map((attempt) => placementRow({ namespace, pool, epoch }, attempt));
        const cursors = { [cursor]: read, [`${cursor}-epoch`]: epoch };
        await this.#record({ placement }, cursors);
        this.#hasFound = true;
        await this.#rest(startMs);
      }
    }
  }

  /** Writes nothing without rows, so that an idle thread ends. If a crash loses such a cursor, the part is read again. */
  async #record(rows: FactBatch["rows"], cursors: Readonly<Record<string, number>>): Promise<void> {
    if (Object.values(rows).some((each) => each.length > 0)) {
      const passed = this.#passed;
      this.#passed = {};
      try {
        await this.#parts.thread.request("record", { rows, cursors: { ...passed, ...cursors } });
      } catch (error) {
        this.#passed = { ...passed, ...this.#passed };
        throw error;
      }
    } else {
      Object.assign(this.#passed, cursors);
    }
    Object.assign(this.#cursors ?? {}, cursors);
  }

  async #rest(sinceMs: number): Promise<void> {
    const { clock, timers } = this.#parts.foundation;
    const nowMs = clock.monotonic();
    if (nowMs < this.#hurryUntilMs) return;
    const elapsedMs = nowMs - sinceMs;
    if (elapsedMs > 0) await sleep(timers, Math.min(1_000, elapsedMs * restFactor));
  }

  get #options() {
    return { timeoutMs: callMs, signal: this.#stopping.signal };
  }

  #failed(problem: string): void {
    if (this.#isStopping) return;
    if (this.#problem === "")
      this.#parts.foundation.logger.warn("facts were not recorded, the next round continues", { problem });
    this.#problem = problem;
  }
}

/** Waits for all parts before it fails. Otherwise a remaining part would write after the round has ended. */
async function allOf(parts: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(parts)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}
