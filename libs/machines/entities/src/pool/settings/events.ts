import {
  PoolCreatedV1,
  PoolDeletedV1,
  PoolPausedV1,
  PoolResumedV1,
  PoolUpdatedV1,
} from "@tutti/contracts/swarm/v1";
import { requestTending } from "../scaler/tending.ts";
import { changed, type PoolEvent, running } from "../state.ts";

export const poolCreated: PoolEvent<PoolCreatedV1> = {
  type: "pool_created",
  version: 1,
  codec: PoolCreatedV1,
  described: true,
  evolve(state, { pool, createMs, cause }) {
    if (pool !== undefined) state.settings = { value: pool, ...changed(state, createMs, cause, undefined) };
  },
};

export const poolUpdated: PoolEvent<PoolUpdatedV1> = {
  type: "pool_updated",
  version: 1,
  codec: PoolUpdatedV1,
  described: true,
  evolve(state, { pool, updateMs, cause }) {
    if (pool === undefined) return;
    state.settings = { value: pool, ...changed(state, updateMs, cause, state.settings) };
  },
};

export const poolDeleted: PoolEvent<PoolDeletedV1> = {
  type: "pool_deleted",
  version: 1,
  codec: PoolDeletedV1,
  described: true,
  evolve(state, _body, outstanding) {
    const had = state.scalers.size;
    state.changes += 1;
    state.settings = undefined;
    state.pause = running;
    const { limits, hooks, scalers, holds, pasts, reservedStarts } = state;
    for (const items of [limits, hooks, scalers, holds, pasts, reservedStarts]) items.clear();
    requestTending(state, had, outstanding);
  },
};

export const poolPaused: PoolEvent<PoolPausedV1> = {
  type: "pool_paused",
  version: 1,
  codec: PoolPausedV1,
  described: true,
  evolve(state, { reason, pauseMs, cause }) {
    const since = changed(state, pauseMs, cause, state.pause.since);
    state.pause = { paused: true, reason, since, slowStart: undefined, slowUntilMs: 0 };
  },
};

export const poolResumed: PoolEvent<PoolResumedV1> = {
  type: "pool_resumed",
  version: 1,
  codec: PoolResumedV1,
  described: true,
  evolve(state, { slowStart, slowUntilMs, resumeMs, cause }) {
    const since = changed(state, resumeMs, cause, state.pause.since);
    state.pause = { paused: false, reason: "", since, slowStart, slowUntilMs };
  },
};
