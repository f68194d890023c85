import { EventOutlet } from "@tutti/bus";
import { agentLinkService, agentPollService } from "@tutti/contracts/agent/v1";
import { agentService, dispatchService, poolService } from "@tutti/contracts/swarm/v1";
import type { HostContext, ServiceModule } from "@tutti/host";
import { type MachineDependencies, taskLog } from "@tutti/host/serving";
import {
  type Component,
  configuredRetryIn,
  type Foundation,
  healthy,
  Orchestrator,
  promptDefer,
  retrySection,
  type Timer,
  type Timers,
} from "@tutti/kernel";
import { pool, reserveStarts } from "@tutti/machine-entities/pool";
import { mission } from "@tutti/machine-mission";
import type { Pool } from "@tutti/matching";
import { wireAllotments } from "./allotments/claiming.ts";
import { AgentUpdates } from "./api/agents/agent-updates.ts";
import { agentHandlers } from "./api/agents/handlers.ts";
import type { PoolDependencies } from "./api/dependencies.ts";
import { dispatchHandlers, type RollDependencies } from "./api/dispatch.ts";
import { poolHandlers } from "./api/pools/handlers.ts";
import { type SwarmSettings, swarmSection } from "./configuration.ts";
import { AgentEvents } from "./effects/agent-events.ts";
import { AnnouncedOffers } from "./effects/announced-offers.ts";
import { admitAgentBy } from "./grants/admitted-agents.ts";
import { wireHooks } from "./hooks/hosting.ts";
import { wireInboxes } from "./inboxes/hosting.ts";
import { RollCalls } from "./links/call-roll.ts";
import { linkHandlers } from "./links/handlers.ts";
import { linkInstruments } from "./links/instruments.ts";
import { LinkHandover } from "./links/link-handover.ts";
import { LinkTable, type LinkTableParts } from "./links/link-table.ts";
import { linkLimits } from "./links/protocol/limits.ts";
import { RefusedAgents } from "./links/refused-agents.ts";
import type { RelayDependencies } from "./links/relay/relay-stream.ts";
import { Relays } from "./links/relay/relays.ts";
import { LinkRoll } from "./links/roll.ts";
import type { LinkSettings } from "./links/settings.ts";
import { hostMissions } from "./missions/hosting.ts";
import { offerInstruments } from "./offers/instruments.ts";
import { AgentPolls } from "./polls/agent-polls.ts";
import { pollHandlers } from "./polls/handlers.ts";
import { poolInstruments } from "./pools/instruments.ts";
import { PoolDirectory, type PoolDirectoryParts } from "./pools/pool-directory.ts";
import { executeAsOwner, PoolStore, readPool } from "./pools/pool-store.ts";
import { type PoolTime, poolTime } from "./pools/pool-time.ts";
import { commonSettings, configuredPool } from "./pools/settings.ts";
import { StartReservations } from "./pools/start-reservations.ts";
import { PoolTenancy } from "./pools/tenancy.ts";
import { Turns, type TurnsParts } from "./pools/turns.ts";
import { scalersOptions, tendPools, wireScalers } from "./scaling/hosting.ts";

/** Stops before links: its agents leave with their pools. */
const inboxesOptions = { dependsOn: ["links"], critical: false };
const allotmentsOptions = { dependsOn: ["pools"], critical: false };

/** Pools, where tasks meet agents, and the links of agents that end here. */
export class SwarmService extends Orchestrator {
  constructor(host: HostContext) {
    super("swarm", host.foundation, { scope: "engines", version: host.version });
    const { foundation, processId: owner, ids, mesh, partitionOwner } = host;
    const { timers, chance, clock, metrics, logger } = foundation;
    const settings = this.settings(swarmSection);
    const retryIn = configuredRetryIn(this.settings(retrySection));
    const now = poolTime(clock);
    const outlet = this.register("events", new EventOutlet(host.bus, foundation), { critical: false });
    const events = new AgentEvents();
    const updates = new AgentUpdates(timers);
    const ofPools = poolInstruments(metrics, () => pools.all, now);
    const onTurn: TurnsParts["onTurn"] = (_pool, assigned, durationMs) =>
      ofPools.turned(assigned, durationMs);
    const turns = new Turns({ timers, now, logger, defer: promptDefer(), onTurn });
    const tended = new AbortController();
    const open = (namespace: string, name: string) => pools.tenant(namespace, name, tended);
    const missions = hostMissions(this, host, { ...settings, retryIn });
    const { runtime, archive } = host.storage(tendPools(missions.effects, open, logger));
    missions.register({ runtime, archive });
    const tenancy = new PoolTenancy(partitionOwner);
    const dispatch = mesh.client(dispatchService);
    const calls = new RollCalls({ mesh, dispatch, tenancy, roll: () => roll });
    const pools: PoolDirectory = new PoolDirectory({
      turns,
      now,
      chance,
      timers,
      owner,
      tenancy,
      callRoll: calls.of,
      ...directorySettings(settings),
      read: (namespace, name) => readPool(runtime, namespace, name),
      onAgentChange: agentChanges(events, outlet, updates),
      onOffersChange: () => offers.changed(),
      onAssigned: assignmentLines(foundation),
      reserve: (pool, starts) => reservations.reserve(pool, starts),
    });
    const reservations = startReservations(foundation, runtime, pools, now);
    const announced = announcedOffers(host, () => pools.all);
    const offers = this.register("offers", announced, { critical: false });
    const links = linkInstruments(metrics);
    // A frame is not larger than a message of the mesh.
    const frameBytesMax = Math.min(linkLimits.frameBytesMax, mesh.settings.limits.messageBytes);
    const times = { ...settings.links, frameBytesMax };
    const { keepaliveMs } = settings;
    const relays = new Relays({ foundation, now, host: owner, keepaliveMs, dispatch });
    const roll = new LinkRoll({ pools, tenancy, calls, relays, settleMs: settings.pool.settleMs, now });
    this.register("roll", new LinkHandover({ roll, tenancy, dispatch, timers, logger }), { critical: false });
    const onReoffered = (pool: Pool, id: string) => outlet.publish(events.reoffered(pool, id, now()));
    const admit = admitAgentBy(host.guard?.admission);
    const refused = new RefusedAgents({ pools, relays, now });
    const linking = { pools, relays, now, onReoffered, admit, refused };
    const linkTable = createLinkTable(host, linking, times, links);
    this.register("pools", { drain: () => tended.abort(), stop: () => turns.stop() });
    const { heartbeatMs, leaseMs: idleMs, greetingMs, startedAfterMs } = times;
    const polls = new AgentPolls({ pools, now, timers, ids, heartbeatMs, idleMs, admit, host: owner });
    this.register("links", linkUpkeep({ linkTable, relays, polls, timers }, times), { dependsOn: ["pools"] });
    const poolStore = new PoolStore({ machines: { runtime, archive, partitionOwner }, pools });
    const remotes = { remote: mesh.client(poolService), remoteAgents: mesh.client(agentService) };
    const dependencies = { pools, poolStore, updates, now, settings, foundation, ...remotes };
    serveAgents(host, { linkTable, now, timers, greetingMs, instruments: links }, { polls, pools, refused });
    mesh.serve(agentService, agentHandlers(dependencies));
    this.#servePools(host, dependencies, outlet, polls);
    const relaying = { pools, now, owner, timers, keepaliveMs, onReoffered };
    serveDispatch(host, relaying, { roll, calls, tenancy }, startedAfterMs);
  }

  #servePools(
    host: HostContext,
    dependencies: PoolDependencies,
    outlet: EventOutlet,
    polls: AgentPolls,
  ): void {
    this.register("scalers", wireScalers(host, dependencies, outlet), scalersOptions);
    this.register("allotments", wireAllotments(host, dependencies), allotmentsOptions);
    this.register("inboxes", wireInboxes(host, dependencies, polls), inboxesOptions);
    this.register("hooks", wireHooks(host, dependencies), { dependsOn: ["pools"] });
    host.mesh.serve(poolService, poolHandlers(dependencies));
  }
}

function directorySettings(settings: SwarmSettings) {
  return {
    settleMs: settings.pool.settleMs,
    names: settings.pools,
    settings: commonSettings(settings),
    configured: configuredPool(settings),
  };
}

function createLinkTable(
  { ids, foundation, processId, guard }: HostContext,
  parts: Pick<LinkTableParts, "pools" | "relays" | "now" | "onReoffered" | "admit" | "refused">,
  settings: LinkSettings,
  instruments: LinkTableParts["instruments"],
): LinkTable {
  const { logger } = foundation;
  return new LinkTable({ ...parts, ids, logger, host: processId, names: guard, settings, instruments });
}

function agentChanges(
  events: AgentEvents,
  outlet: EventOutlet,
  updates: AgentUpdates,
): PoolDirectoryParts["onAgentChange"] {
  return (pool, change) => {
    for (const event of events.of(pool, change)) outlet.publish(event);
    updates.publish(pool, change.agentId);
  };
}

function startReservations(
  { timers, logger }: Foundation,
  runtime: MachineDependencies["runtime"],
  pools: PoolDirectory,
  now: PoolTime,
): StartReservations {
  return new StartReservations({
    timers,
    logger,
    store: (pool, starts) => executeAsOwner(runtime, pool, { command: reserveStarts, body: { starts } }),
    onStored(pool, starts) {
      pool.confirmReserved(starts, now());
      pools.turns.schedule(pool);
    },
    isOwned: (pool) => pools.find(pool.namespace, pool.name) === pool,
  });
}

function assignmentLines(foundation: Foundation): PoolDirectoryParts["onAssigned"] {
  const lines = taskLog(foundation);
  return (pool, agent, { taskId, workKind, workId, attempt, traceparent, namespace }) => {
    if (!lines.accepts("assigned")) return;
    const key = { namespace: namespace || pool.namespace, kind: "task", id: taskId };
    lines.write(
      { key, type: "assigned", cause: { traceparent } },
      { [workKind || "run"]: workId, attempt, agent },
    );
  };
}

function announcedOffers(
  { announcer, foundation }: HostContext,
  pools: () => readonly Pool[],
): AnnouncedOffers {
  const { timers, logger } = foundation;
  return new AnnouncedOffers({ announcer, pools, timers, logger });
}

interface AgentDependencies {
  readonly polls: AgentPolls;
  readonly pools: PoolDirectory;
  readonly refused: RefusedAgents;
}

/** Registers the rpcs of agents. Their area of the contract is `agent`, so a search finds them here. */
function serveAgents(
  { mesh, guard }: HostContext,
  stream: Parameters<typeof linkHandlers>[0],
  { polls, pools, refused }: AgentDependencies,
): void {
  const service = "swarm";
  const { linkRefused: link, claimRefused: claimTasks } = refused;
  mesh.serve(agentLinkService, linkHandlers(stream, guard), { service, refused: { link } });
  mesh.serve(agentPollService, pollHandlers(polls, pools, guard), { service, refused: { claimTasks } });
}

/** Registers the rpcs between the owners of pools, senders and link hosts. */
function serveDispatch(
  { mesh, foundation }: HostContext,
  relaying: RelayDependencies,
  rolls: RollDependencies,
  begunAfterMs: number,
): void {
  const instruments = offerInstruments(foundation.metrics);
  mesh.serve(dispatchService, dispatchHandlers({ ...relaying, begunAfterMs, instruments }, relaying, rolls));
}

/** The service as a module of a host. */
export const swarm: ServiceModule = {
  name: "swarm",
  sections: [swarmSection, retrySection],
  machines: [pool, mission],
  create: (host) => new SwarmService(host),
};

interface Upkeep {
  readonly linkTable: LinkTable;
  readonly relays: Relays;
  readonly polls: AgentPolls;
  readonly timers: Timers;
}

/**
 * Looks after the links from the first agent on, and ends their streams with the service. It does not stop after the
 * last agent: its end is recorded by a later sweep.
 */
function linkUpkeep({ linkTable, relays, polls, timers }: Upkeep, settings: LinkSettings): Component {
  const { sweepMs, heartbeatMs, resumeWindowMs } = settings;
  // Most links are idle. Only acknowledgements are urgent, and the table knows which links owe one.
  const everyMs = Math.max(sweepMs, Math.min(heartbeatMs, resumeWindowMs) / 4);
  let timer: Timer | undefined;
  let soon: Timer | undefined;
  const end = (): void => {
    timer?.cancel();
    soon?.cancel();
    timer = soon = undefined;
  };
  const sweep = (): void => {
    linkTable.sweep();
    polls.sweep();
  };
  const start = (): void => {
    timer ??= timers.every(everyMs, sweep);
  };
  const acknowledgeSoon = (): void => {
    soon ??= timers.after(sweepMs, () => {
      soon = undefined;
      linkTable.acknowledge();
    });
  };
  return {
    start() {
      linkTable.onOpened = start;
      polls.onJoined = start;
      linkTable.onUnacknowledged = acknowledgeSoon;
    },
    drain: () => linkTable.close(),
    stop() {
      linkTable.onOpened = polls.onJoined = linkTable.onUnacknowledged = () => {};
      end();
      relays.stop();
    },
    health: () => ({ ...healthy, details: { links: linkTable.size } }),
  };
}
