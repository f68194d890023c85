import type { KeptObjectCall } from "@tutti/contracts/workflow/v1";
import type { Query, ReadOnly } from "@tutti/kernel";
import { objectErrors } from "./errors.ts";
import { type KeyedObject, stateOf } from "./state.ts";

/** State of an object. */
export interface ObjectFacts {
  readonly name: string;
  readonly key: string;
  readonly createMs: number;
  readonly changeMs: number;
  readonly revision: number;
  /** All values as a JSON object. */
  readonly state: Uint8Array;
  readonly current: ReadOnly<KeptObjectCall> | undefined;
  readonly waitingCount: number;
  /** First waiting calls, in their order. */
  readonly waiting: readonly ReadOnly<KeptObjectCall>[];
  /** Newest first. */
  readonly recent: readonly ReadOnly<KeptObjectCall>[];
  readonly endedCount: number;
}

const listedMax = 100;

export const objectFacts: Query<KeyedObject, void, ObjectFacts> = {
  type: "facts",
  answer(object, _, { key: { id } }) {
    const { name, key, createMs, changeMs, revision, current, waiting, recent, endedCount } = object;
    if (createMs === 0) return objectErrors.missing.refusal({ name: id, key: "" });
    return {
      name,
      key,
      createMs,
      changeMs,
      revision,
      current,
      endedCount,
      state: stateOf(object),
      waitingCount: waiting.size,
      waiting: [...waiting.values()].slice(0, listedMax),
      recent: recent.toReversed(),
    };
  },
};
