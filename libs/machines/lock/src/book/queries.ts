import type { DeadlockFoundV1 } from "@tutti/contracts/session/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import type { Deadlocks } from "./state.ts";

export interface DeadlockFilter {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Returns the latest deadlocks first. */
export const found: Query<Deadlocks, DeadlockFilter, readonly ReadOnly<DeadlockFoundV1>[]> = {
  type: "found",
  answer: ({ found: all }, { fromMs, toMs }) =>
    all.filter(({ findMs }) => findMs >= fromMs && findMs < toMs).toReversed(),
};
