/** Stored scalers: their settings, without their status. */
import {
  CreateScaler,
  DeleteScaler,
  Scaler,
  ScalerCreatedV1,
  ScalerDeletedV1,
  ScalerUpdatedV1,
  UpdateScaler,
} from "@tutti/contracts/swarm/v1";
import type { Outstanding } from "@tutti/kernel";
import { sorted } from "../../index.ts";
import { removeCommand, removedEvent, storeCommand, storedEvent } from "../../kit/collection.ts";
import { inPool, type PoolKind } from "../collections.ts";
import { scalersMax } from "../limits.ts";
import type { TendPool } from "../state.ts";
import { requestTending } from "./tending.ts";

const scalers: PoolKind<Scaler> = {
  ...inPool,
  name: "scaler",
  max: scalersMax,
  codec: Scaler,
  of: (pool) => pool.scalers,
  idOf: ({ scalerId }) => scalerId,
  bare: (scaler) => ({
    ...scaler,
    driver: sortedDriver(scaler.driver),
    labels: sorted(scaler.labels),
    namespace: "",
    pool: "",
    status: undefined,
    updateCause: undefined,
    revision: "",
  }),
};

export const scalerCreated = storedEvent(scalers, {
  type: "scaler_created",
  codec: ScalerCreatedV1,
  valueOf: ({ scaler }) => scaler,
  atMs: ({ createMs }) => createMs,
  after(pool, before, _body, outstanding: Outstanding<TendPool>) {
    requestTending(pool, before === undefined ? -1 : 0, outstanding);
  },
});

export const scalerUpdated = storedEvent(scalers, {
  type: "scaler_updated",
  codec: ScalerUpdatedV1,
  valueOf: ({ scaler }) => scaler,
  atMs: ({ updateMs }) => updateMs,
});

/** The observations and decisions of a scaler are removed with it. */
export const scalerDeleted = removedEvent(scalers, {
  type: "scaler_deleted",
  codec: ScalerDeletedV1,
  idOf: ({ scalerId }) => scalerId,
  after(pool, before, { scalerId }, outstanding: Outstanding<TendPool>) {
    pool.pasts.delete(scalerId);
    requestTending(pool, before === undefined ? 0 : 1, outstanding);
  },
});

export const createScaler = storeCommand(scalers, {
  type: "create_scaler",
  codec: CreateScaler,
  event: scalerCreated,
  requestOf: ({ scaler: value }) => ({ value, revision: 0, only: "new" }),
  toEvent: (scaler, createMs, cause) => ({ scaler, createMs, cause }),
});

export const updateScaler = storeCommand(scalers, {
  type: "update_scaler",
  codec: UpdateScaler,
  event: scalerUpdated,
  requestOf: ({ scaler: value, revision }) => ({ value, revision, only: "present" }),
  toEvent: (scaler, updateMs, cause) => ({ scaler, updateMs, cause }),
});

export const deleteScaler = removeCommand(scalers, {
  type: "delete_scaler",
  codec: DeleteScaler,
  event: scalerDeleted,
  idOf: ({ scalerId }) => scalerId,
  toEvent: ({ scalerId }, deleteMs) => ({ scalerId, deleteMs }),
});

function sortedDriver(driver: Scaler["driver"]): Scaler["driver"] {
  switch (driver?.$case) {
    case "process":
      return { ...driver, value: { ...driver.value, environment: sorted(driver.value.environment) } };
    case "container": {
      const { environment, limits } = driver.value;
      return {
        ...driver,
        value: { ...driver.value, environment: sorted(environment), limits: sorted(limits) },
      };
    }
    default:
      return driver;
  }
}
