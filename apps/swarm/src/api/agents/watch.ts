/**
 * Watches agents: a snapshot, then changes. A watcher queues only the names of changed agents. They are read
 * when the watcher reads, so a slow watcher sees fewer states and never old ones.
 */
import { namespaceOf } from "@tutti/contracts/rpc";
import type { Agent, WatchAgentsReply, WatchAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import type { PoolDependencies } from "../dependencies.ts";
import type { AgentWatcher } from "./agent-updates.ts";
import { filterOf } from "./filter.ts";
import { keyOf, remoteAgentsOf } from "./listing.ts";
import { weightOfAgent } from "./weight.ts";

/** Interval of requests to the owners of other pools. */
const othersMs = 1_000;

export async function* watchAgents(
  dependencies: PoolDependencies,
  request: WatchAgentsRequest,
  { signal }: Pick<CallContext, "signal">,
): AsyncGenerator<WatchAgentsReply> {
  const { updates, settings, foundation } = dependencies;
  const watcher = updates.watch(namespaceOf(request));
  const view = new AgentsView(dependencies, request, watcher);
  const { timers } = foundation;
  const wake = () => watcher.bell.notify();
  signal.addEventListener("abort", wake, { once: true });
  let isSignDue = false;
  let areFiguresDue = false;
  const signTimer = timers.every(settings.keepaliveMs, () => {
    isSignDue = true;
    wake();
  });
  const figures = timers.every(settings.watchIntervalMs, () => {
    areFiguresDue = request.withFigures;
    if (areFiguresDue) wake();
  });
  let areOthersDue = false;
  const others = timers.every(othersMs, () => {
    areOthersDue = true;
    wake();
  });
  try {
    await view.readOthers(signal);
    yield* inReplies(view.all(), [], true);
    while (!signal.aborted) {
      const { agents, removed } = areFiguresDue ? view.refreshed() : view.changed();
      areFiguresDue = false;
      if (areOthersDue) {
        areOthersDue = false;
        // An owner that does not answer is asked again. Until then its agents keep their last known state.
        const updates = await view.readOthers(signal).catch(() => undefined);
        agents.push(...(updates?.agents ?? []));
        removed.push(...(updates?.removed ?? []));
      }
      if (agents.length + removed.length > 0 || isSignDue) {
        isSignDue = false;
        yield* inReplies(agents, removed, false);
      }
      await watcher.bell.notified();
    }
  } finally {
    signTimer.cancel();
    figures.cancel();
    others.cancel();
    signal.removeEventListener("abort", wake);
    watcher.close();
  }
}

interface Changes {
  readonly agents: Agent[];
  readonly removed: WatchAgentsReply["removed"];
}

/** The state of one watcher, and the changes for it. */
class AgentsView {
  readonly #dependencies: PoolDependencies;
  readonly #namespace: string;
  readonly #isMatch: (agent: Agent) => boolean;
  readonly #watcher: AgentWatcher;
  readonly #request: WatchAgentsRequest;
  /** Agents of pools of other owners, as of the last request. */
  #others = new Map<string, Agent>();
  /** The numbers of each agent, as last sent to the watcher. */
  readonly #sent = new Map<string, string>();

  constructor(dependencies: PoolDependencies, request: WatchAgentsRequest, watcher: AgentWatcher) {
    this.#dependencies = dependencies;
    this.#namespace = namespaceOf(request);
    this.#isMatch = filterOf(request.filter);
    this.#watcher = watcher;
    this.#request = request;
  }

  all(): Agent[] {
    const matching = [...this.#agents(), ...this.#others.values()].filter(this.#isMatch);
    for (const agent of matching) this.#sent.set(keyOf(agent), figuresOf(agent));
    return matching;
  }

  /** Reads the agents of the other owners of pools. Returns their changes. */
  async readOthers(signal: AbortSignal): Promise<Changes> {
    const { namespace, filter } = this.#request;
    const found = await remoteAgentsOf(this.#dependencies, { namespace, filter }, signal);
    const before = this.#others;
    this.#others = new Map(found.map((agent) => [keyOf(agent), agent]));
    const changes: Changes = { agents: [], removed: [] };
    const here = new Map([...this.#agents()].map((agent) => [keyOf(agent), agent]));
    for (const [key, agent] of before)
      if (!this.#others.has(key)) this.#compare(changes, agent, here.get(key), false);
    for (const agent of found) this.#compare(changes, agent, agent, false);
    return changes;
  }

  /** Returns the changes that pools have reported. */
  changed(): Changes {
    const changes: Changes = { agents: [], removed: [] };
    for (const { pool, agentId } of this.#watcher.drain())
      this.#compare(
        changes,
        { pool: pool.name, agentId },
        pool.agent(agentId, this.#dependencies.now()),
        true,
      );
    return changes;
  }

  /** Returns these changes, and agents with changed numbers. */
  refreshed(): Changes {
    const changes = this.changed();
    for (const agent of this.#agents()) this.#compare(changes, agent, agent, false);
    return changes;
  }

  #compare(
    { agents, removed }: Changes,
    { pool, agentId }: Pick<Agent, "pool" | "agentId">,
    agent: Agent | undefined,
    isReported: boolean,
  ): void {
    const key = keyOf({ pool, agentId });
    if (agent === undefined || !this.#isMatch(agent)) {
      if (this.#sent.delete(key)) removed.push({ pool, agentId });
      return;
    }
    const figures = figuresOf(agent);
    if (!isReported && this.#sent.get(key) === figures) return;
    this.#sent.set(key, figures);
    agents.push(agent);
  }

  *#agents(): Iterable<Agent> {
    const nowMs = this.#dependencies.now();
    for (const pool of this.#dependencies.pools.of(this.#namespace)) yield* pool.agents(nowMs);
  }
}

/** Returns the numbers of an agent that change all the time. Heartbeats alone change none. */
function figuresOf({ freeSlots, attempts, credit, figures, done, state, hold }: Agent): string {
  const { completed = 0, failed = 0, refused = 0 } = done ?? {};
  const { cpu = 0, memoryBytes = 0 } = figures ?? {};
  return [state, hold, freeSlots, attempts, credit, completed, failed, refused, cpu, memoryBytes].join();
}

/** Maximum of agents and bytes in one reply. */
const agentsMax = 500;
const bytesMax = 1_048_576;

/**
 * Splits agents into as few replies as possible, at least one. Of a snapshot only the last reply is live:
 * then the watcher has all of it. There is no cursor: the next watch starts with a snapshot, which costs as
 * much as its content.
 */
function* inReplies(
  agents: readonly Agent[],
  removed: WatchAgentsReply["removed"],
  isSnapshot: boolean,
): Generator<WatchAgentsReply> {
  let piece: Agent[] = [];
  let bytes = 0;
  for (const agent of agents) {
    const weight = weightOfAgent(agent);
    if (piece.length === agentsMax || (piece.length > 0 && bytes + weight > bytesMax)) {
      yield { agents: piece, removed: [], live: !isSnapshot, cursor: "" };
      piece = [];
      bytes = 0;
    }
    piece.push(agent);
    bytes += weight;
  }
  yield { agents: piece, removed, live: true, cursor: "" };
}
