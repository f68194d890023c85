/**
 * Follows agents: a snapshot, then what changes. A watcher holds no queue but the names of agents that have changed.
 * They are looked up when it reads, so a slow one sees fewer states and never old ones.
 */
import { namespaceOf } from "@tutti/contracts/rpc";
import type { Agent, WatchAgentsReply, WatchAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { CallContext } from "@tutti/kernel";
import type { PoolDependencies } from "../dependencies.ts";
import type { AgentWatcher } from "./agent-updates.ts";
import { filterOf } from "./filter.ts";
import { agentsElsewhere, keyOf } from "./listing.ts";
import { weightOfAgent } from "./weight.ts";

/** How often the owners of other pools are asked. */
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
  const wake = () => watcher.bell.ring();
  signal.addEventListener("abort", wake, { once: true });
  let isWordDue = false;
  let areFiguresDue = false;
  const word = timers.every(settings.signOfLifeMs, () => {
    isWordDue = true;
    wake();
  });
  const figures = timers.every(settings.figuresMs, () => {
    areFiguresDue = request.withFigures;
    if (areFiguresDue) wake();
  });
  let areOthersDue = false;
  const others = timers.every(othersMs, () => {
    areOthersDue = true;
    wake();
  });
  try {
    await view.look(signal);
    yield* inReplies(view.all(), [], true);
    while (!signal.aborted) {
      const { agents, removed } = areFiguresDue ? view.refreshed() : view.changed();
      areFiguresDue = false;
      if (areOthersDue) {
        areOthersDue = false;
        // An owner that does not answer is asked again. Until then its agents keep their last known state.
        const updates = await view.look(signal).catch(() => undefined);
        agents.push(...(updates?.agents ?? []));
        removed.push(...(updates?.removed ?? []));
      }
      if (agents.length + removed.length > 0 || isWordDue) {
        isWordDue = false;
        yield* inReplies(agents, removed, false);
      }
      await watcher.bell.rung();
    }
  } finally {
    word.cancel();
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

/** What one watcher knows, and what is new to it. */
class AgentsView {
  readonly #dependencies: PoolDependencies;
  readonly #namespace: string;
  readonly #isWanted: (agent: Agent) => boolean;
  readonly #watcher: AgentWatcher;
  readonly #request: WatchAgentsRequest;
  /** Those of pools that others own, as they were when those were asked. */
  #others = new Map<string, Agent>();
  /** The numbers of each agent, as last sent to the watcher. */
  readonly #sent = new Map<string, string>();

  constructor(dependencies: PoolDependencies, request: WatchAgentsRequest, watcher: AgentWatcher) {
    this.#dependencies = dependencies;
    this.#namespace = namespaceOf(request);
    this.#isWanted = filterOf(request.filter);
    this.#watcher = watcher;
    this.#request = request;
  }

  all(): Agent[] {
    const wanted = [...this.#agents(), ...this.#others.values()].filter(this.#isWanted);
    for (const agent of wanted) this.#sent.set(keyOf(agent), figuresOf(agent));
    return wanted;
  }

  /** Asks the other owners of pools for their agents, and says what has changed of them. */
  async look(signal: AbortSignal): Promise<Changes> {
    const { namespace, filter } = this.#request;
    const found = await agentsElsewhere(this.#dependencies, { namespace, filter }, signal);
    const before = this.#others;
    this.#others = new Map(found.map((agent) => [keyOf(agent), agent]));
    const changes: Changes = { agents: [], removed: [] };
    const here = new Map([...this.#agents()].map((agent) => [keyOf(agent), agent]));
    for (const [key, agent] of before)
      if (!this.#others.has(key)) this.#compare(changes, agent, here.get(key), false);
    for (const agent of found) this.#compare(changes, agent, agent, false);
    return changes;
  }

  /** What has changed, as far as the pools told of it. */
  changed(): Changes {
    const changes: Changes = { agents: [], removed: [] };
    for (const { pool, agentId } of this.#watcher.take())
      this.#compare(
        changes,
        { pool: pool.name, agentId },
        pool.agent(agentId, this.#dependencies.now()),
        true,
      );
    return changes;
  }

  /** The same, and those with other numbers. */
  refreshed(): Changes {
    const changes = this.changed();
    for (const agent of this.#agents()) this.#compare(changes, agent, agent, false);
    return changes;
  }

  #compare(
    { agents, removed }: Changes,
    { pool, agentId }: Pick<Agent, "pool" | "agentId">,
    agent: Agent | undefined,
    isNews: boolean,
  ): void {
    const key = keyOf({ pool, agentId });
    if (agent === undefined || !this.#isWanted(agent)) {
      if (this.#sent.delete(key)) removed.push({ pool, agentId });
      return;
    }
    const figures = figuresOf(agent);
    if (!isNews && this.#sent.get(key) === figures) return;
    this.#sent.set(key, figures);
    agents.push(agent);
  }

  *#agents(): Iterable<Agent> {
    const nowMs = this.#dependencies.now();
    for (const pool of this.#dependencies.pools.of(this.#namespace)) yield* pool.agents(nowMs);
  }
}

/** What changes all the time about an agent. Signs of life alone are none. */
function figuresOf({ freeSlots, attempts, credit, figures, done, state, hold }: Agent): string {
  const { completed = 0, failed = 0, refused = 0 } = done ?? {};
  const { cpu = 0, memoryBytes = 0 } = figures ?? {};
  return [state, hold, freeSlots, attempts, credit, completed, failed, refused, cpu, memoryBytes].join();
}

/** Of agents in one reply. */
const agentsMax = 500;
const bytesMax = 1_048_576;

/**
 * Agents in as many replies as they take. At least one. Of a snapshot only the last is live: who has all of it knows
 * all. There is no place to resume from: the next watch starts with a snapshot, which costs what it shows.
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
