/**
 * The pool, a machine: what lasts of a place where tasks meet agents. Tasks, agents and who has what are not here:
 * those come and go with the process that owns the pool.
 *
 * 1. It keeps what was said, and by whom. What is not said is for the configuration to say.
 * 2. Every change has a number, and each thing that is kept has that of its last: a change by an older one is
 *    refused, unless he wants what is there already.
 * 3. It never ends: a pool that was deleted is one of which nothing is said, and can be made again.
 */
import { entity } from "../kit/entity.ts";
import { agentHeld, agentReleased, holdAgent, releaseAgent } from "./hold/holds.ts";
import { createHook, deleteHook, hookCreated, hookDeleted, hookUpdated, updateHook } from "./hook/hooks.ts";
import { deleteInbox, inboxDeleted, inboxSet, setInbox } from "./inbox/inboxes.ts";
import { deletePoolLimit, limitDeleted, limitSet, setPoolLimit } from "./limit/limits.ts";
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
  goesOnPaused: true,
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
