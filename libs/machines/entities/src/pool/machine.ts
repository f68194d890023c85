/**
 * The pool machine: the durable settings of a pool. Tasks, agents and assignments are not here: they live in
 * the process that owns the pool.
 *
 * 1. It stores settings and their authors. The configuration contains the rest.
 * 2. Every change has a number, and each stored item has the number of its last change. A change by an older
 *    revision is refused, unless the item already has the wanted value.
 * 3. It never ends: a deleted pool has no settings, and can be created again.
 */
import { entity } from "../kit/entity.ts";
import { agentHeld, agentReleased, holdAgent, releaseAgent } from "./hold/holds.ts";
import { createHook, deleteHook, hookCreated, hookDeleted, hookUpdated, updateHook } from "./hook/hooks.ts";
import { deleteInbox, inboxDeleted, inboxSet, setInbox } from "./inbox/inboxes.ts";
import { deletePoolLimit, limitDeleted, limitSet, setPoolLimit } from "./limit/limits.ts";
import { reserveStarts, startsReserved } from "./limit/reservations.ts";
import { noteScalings } from "./past/commands.ts";
import { scalingsNoted } from "./past/events.ts";
import { contents } from "./queries.ts";
import {
  createScaler,
  deleteScaler,
  scalerCreated,
  scalerDeleted,
  scalerUpdated,
  updateScaler,
} from "./scaler/scalers.ts";
import { recoverTending } from "./scaler/tending.ts";
import { createPool, deletePool, pausePool, resumePool, updatePool } from "./settings/commands.ts";
import { poolCreated, poolDeleted, poolPaused, poolResumed, poolUpdated } from "./settings/events.ts";
import { snapshot } from "./snapshots.ts";
import { newPool } from "./state.ts";

export const pool = entity({
  kind: "pool",
  runsWhilePaused: true,
  create: newPool,
  commands: [
    createPool,
    updatePool,
    deletePool,
    pausePool,
    resumePool,
    setPoolLimit,
    deletePoolLimit,
    createHook,
    updateHook,
    deleteHook,
    createScaler,
    updateScaler,
    deleteScaler,
    setInbox,
    deleteInbox,
    holdAgent,
    releaseAgent,
    noteScalings,
    reserveStarts,
  ],
  events: [
    poolCreated,
    poolUpdated,
    poolDeleted,
    poolPaused,
    poolResumed,
    limitSet,
    limitDeleted,
    hookCreated,
    hookUpdated,
    hookDeleted,
    scalerCreated,
    scalerUpdated,
    scalerDeleted,
    inboxSet,
    inboxDeleted,
    agentHeld,
    agentReleased,
    scalingsNoted,
    startsReserved,
  ],
  queries: [contents],
  snapshot,
  recover: recoverTending,
  labels: ({ settings, hooks, scalers, inboxes }) => ({
    made: settings === undefined ? "no" : "yes",
    hooks: String(hooks.size),
    scalers: String(scalers.size),
    ...(inboxes.size > 0 && { inboxes: String(inboxes.size) }),
  }),
});
