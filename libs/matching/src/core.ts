/** Composes a pool: makes each part with the few parts that it needs, the lower ones first. */
import { AgentEvents } from "./agents/agent-events.ts";
import { AgentIndex } from "./agents/agent-index.ts";
import { AgentStates } from "./agents/agent-states.ts";
import { BusyReport } from "./agents/busy-report.ts";
import { Contexts } from "./agents/contexts.ts";
import { Holds } from "./agents/holds.ts";
import type { LaunchSlot } from "./agents/launch.ts";
import { Losses } from "./agents/losses.ts";
import { CapabilityPauses } from "./agents/pauses.ts";
import { AgentPerformance } from "./agents/performance.ts";
import { Readiness } from "./agents/readiness.ts";
import { Reconciler } from "./agents/reconciler.ts";
import { RefusedAgents } from "./agents/refused-agents.ts";
import { Roster } from "./agents/roster.ts";
import { Waker } from "./agents/waking.ts";
import type { PoolOptions, PoolSettings } from "./api/pool.ts";
import { affinitiesMax } from "./bounds.ts";
import { Demands } from "./demand/demands.ts";
import { Gangs } from "./gangs/gangs.ts";
import type { HookSlot } from "./hooks/task-hooks.ts";
import { PoolAllotments } from "./limits/allotments.ts";
import { Allotter } from "./limits/allotter.ts";
import { Limits } from "./limits/limit-book.ts";
import { Affinity } from "./match/affinity.ts";
import { LearnedTimes } from "./match/learned-times.ts";
import { Matcher } from "./match/matcher.ts";
import { ReadyCohorts } from "./match/ready-cohorts.ts";
import { Starts } from "./match/starts.ts";
import { OfferStore } from "./offers/offer-store.ts";
import { PoolSenders } from "./offers/pool-senders.ts";
import { Profiles } from "./offers/profile.ts";
import { Outbox } from "./outbox.ts";
import { AttemptLog } from "./placed/attempt-log.ts";
import { Placements } from "./placed/placements.ts";
import { LiveSettings } from "./settings.ts";
import { Assigner } from "./task/assigner.ts";
import { AttemptReports } from "./task/attempt-reports.ts";
import { BoundTasks } from "./task/bound-tasks.ts";
import { Claims } from "./task/claims.ts";
import { Copies } from "./task/copies.ts";
import { Doubling } from "./task/doubling.ts";
import { Expiry } from "./task/expiry.ts";
import { TaskOrder } from "./task/order.ts";
import { Orphans } from "./task/orphans.ts";
import { Outcomes } from "./task/outcomes.ts";
import { Preemption } from "./task/preemption.ts";
import { resumeAfterLimit } from "./task/queueing.ts";
import { Running } from "./task/running.ts";
import { SenderOrders } from "./task/sender-orders.ts";
import type { TaskPool } from "./task/task.ts";
import { TaskFactory } from "./task/task-factory.ts";
import { TaskOffers } from "./task/task-offers.ts";
import { Tasks } from "./task/tasks.ts";
import { Waiting } from "./task/waiting.ts";
import { Wheel } from "./time/wheel.ts";
import { WaitWatch } from "./waits/wait-watch.ts";

export type PoolParts = ReturnType<typeof composePool>;

/** Returns the parts of a new pool. */
export function composePool(options: PoolOptions, initial: PoolSettings) {
  const { namespace, name, owner, epoch, chance, openedMs } = options;
  const identity = { namespace, name, owner, epoch };
  const base = foundation(options, initial);
  const { settings, wheel, hooks, demands, profiles, limits, agents, events, readiness, times, outbox } =
    base;
  const seed = Math.floor(chance.random() * 2 ** 32);
  const tasks = new Tasks(seed, { wheel, demands, limits, hooks });
  const claims = new Claims(seed, openedMs + initial.claimMs, readiness);
  const bound = new BoundTasks(settings, demands, tasks);
  const orphans = new Orphans();
  const waiting = new Waiting({ hooks, bound, demands, limits, settings, tasks, orphans });
  const order = new TaskOrder(settings);
  const allotments = new PoolAllotments({ identity, limits, agents, readiness });
  const allotter = new Allotter({ allotments, limits, tasks, waiting });
  const running = new Running({ readiness, allotments, limits, tasks, attempts: base.attempts });
  const copies = new Copies({ settings, times, tasks, running });
  const outcomes = new Outcomes({ copies, tasks, hooks, running });
  const preemption = new Preemption({ settings, running, tasks, order, waiting });
  const shared = { ...base, identity, chance, tasks, claims, orphans, bound, waiting, order, allotments };
  const endings = { ...shared, allotter, running, copies, outcomes, preemption };
  const states = new AgentStates(endings);
  const losses = new Losses(endings);
  const holds = new Holds({ ...endings, states, losses });
  const performance = new AgentPerformance(times, holds, base.pauses);
  const reports = new AttemptReports({ ...endings, states, performance });
  const roster = new Roster({ ...endings, states, losses, holds, reports });
  const expiry = new Expiry({ ...endings, holds });
  const { offerStore } = base;
  const taskPool: TaskPool = { offerStore, expire: (task, nowMs) => expiry.expire(task, nowMs) };
  const assigner = new Assigner({ ...endings, onAssigned: options.onAssigned });
  const matcher = new Matcher({ ...endings, assigner });
  const doubling = new Doubling({ ...endings, assigner, matcher, taskPool });
  const gangs = new Gangs({ ...endings, assigner });
  const factory = new TaskFactory({ taskPool, demands, order, allotter, gangs });
  const offers = new TaskOffers({ ...endings, factory });
  const orders = new SenderOrders({ ...endings, gangs });
  const senders = new PoolSenders({
    identity,
    settings,
    outbox,
    profiles,
    tasks,
    waiting,
    offers,
    orders,
    outcomes,
  });
  const reconciler = new Reconciler({ ...endings, losses });
  const waker = new Waker(states, waiting, settings);
  const waitWatch = new WaitWatch(endings);
  return {
    ...endings,
    states,
    losses,
    holds,
    reports,
    roster,
    taskPool,
    matcher,
    doubling,
    gangs,
    orders,
    senders,
    events,
    reconciler,
    waker,
    waitWatch,
  };
}

/** Returns the parts that depend only on each other: settings, time, agents, and demands. */
function foundation(options: PoolOptions, initial: PoolSettings) {
  const settings = new LiveSettings(initial);
  const wheel = new Wheel(options.openedMs);
  const hooks: HookSlot = { current: undefined };
  const launchers: LaunchSlot = { current: undefined };
  const cohorts = new ReadyCohorts();
  const demands = new Demands(cohorts);
  const profiles = new Profiles(demands);
  const { reserve, reservedStarts: earlier = new Map(), epoch, openedMs } = options;
  const takenOverMs = epoch > 1 ? openedMs : 0;
  const limits = new Limits(wheel, resumeAfterLimit, reserve && { earlier, takenOverMs, reserve });
  const agents = new AgentIndex();
  const events = new AgentEvents(agents, options);
  const busyReport = new BusyReport(wheel, agents, events);
  const contexts = new Contexts();
  const readiness = new Readiness({ contexts, events, agents, busyReport, settings, demands });
  demands.onLabels = () => readiness.regroup();
  return {
    settings,
    wheel,
    hooks,
    launchers,
    cohorts,
    demands,
    profiles,
    limits,
    agents,
    events,
    readiness,
    pauses: new CapabilityPauses(readiness, options.chance),
    affinity: new Affinity(affinitiesMax),
    times: new LearnedTimes(),
    placements: new Placements(),
    attempts: new AttemptLog(),
    offerStore: new OfferStore(),
    outbox: new Outbox(),
    starts: new Starts(),
    refusedAgents: new RefusedAgents(),
  };
}
