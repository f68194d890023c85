/** Scalers, as they are kept: what they are to do. How they stand is not kept here. */
import {
  CreateScaler,
  DeleteScaler,
  Scaler,
  ScalerCreatedV1,
  ScalerDeletedV1,
  ScalerUpdatedV1,
  UpdateScaler,
} from "@tutti/contracts/swarm/v1";
import { sorted } from "../../index.ts";
import { keeperOf } from "../kept/keeper.ts";
import type { Kind } from "../kept/kind.ts";
import { bytesMax, nameLengthMax, scalersMax } from "../limits.ts";
import type { PoolEvent } from "../state.ts";
import { askForTending } from "./tending.ts";

const scalers: Kind<Scaler> = {
  name: "scaler",
  max: scalersMax,
  idLengthMax: nameLengthMax,
  bytesMax,
  codec: Scaler,
  of: (pool) => pool.scalers,
  idOf: ({ scalerId }) => scalerId,
  bare: (scaler) => ({
    ...scaler,
    driver: sortedDriver(scaler.driver),
    ...{ namespace: "", pool: "", status: undefined, updateCause: undefined, revision: "" },
  }),
};

const keeper = keeperOf(scalers, {
  create: CreateScaler,
  update: UpdateScaler,
  delete: DeleteScaler,
  created: ScalerCreatedV1,
  updated: ScalerUpdatedV1,
  deleted: ScalerDeletedV1,
  valueOf: ({ scaler }) => scaler,
  idOf: ({ scalerId }) => scalerId,
  toCreated: (scaler, createMs, cause) => ({ scaler, createMs, cause }),
  toUpdated: (scaler, updateMs, cause) => ({ scaler, updateMs, cause }),
  toDeleted: (scalerId, deleteMs) => ({ scalerId, deleteMs }),
});

export const { create: createScaler, update: updateScaler, remove: deleteScaler } = keeper;
export const { updated: scalerUpdated } = keeper;
export const scalerCreated = tended(keeper.created);
export const scalerDeleted = tended(withoutPast(keeper.deleted));

/** What a scaler saw and did goes with it. */
function withoutPast(event: PoolEvent<ScalerDeletedV1>): PoolEvent<ScalerDeletedV1> {
  const { evolve } = event;
  return Object.assign(event, {
    evolve: ((pool, body, outstanding) => {
      evolve(pool, body, outstanding);
      pool.pasts.delete(body.scalerId);
    }) satisfies typeof evolve,
  });
}

function tended<Body>(event: PoolEvent<Body>): PoolEvent<Body> {
  return Object.assign(event, { evolve: tendedFold(event.evolve) });
}

function tendedFold<Body>(evolve: PoolEvent<Body>["evolve"]): PoolEvent<Body>["evolve"] {
  return (pool, body, outstanding) => {
    const had = pool.scalers.size;
    evolve(pool, body, outstanding);
    askForTending(pool, had, outstanding);
  };
}

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
