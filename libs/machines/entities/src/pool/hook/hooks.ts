/** Hooks, as they are kept. Whether their rules make sense is looked at before: here they are only kept. */
import {
  CreateHook,
  DeleteHook,
  Hook,
  HookCreatedV1,
  HookDeletedV1,
  HookUpdatedV1,
  UpdateHook,
} from "@tutti/contracts/swarm/v1";
import { sorted } from "../../index.ts";
import { keeperOf } from "../kept/keeper.ts";
import type { Kind } from "../kept/kind.ts";
import { bytesMax, hooksMax, nameLengthMax } from "../limits.ts";

const hooks: Kind<Hook> = {
  name: "hook",
  max: hooksMax,
  idLengthMax: nameLengthMax,
  bytesMax,
  codec: Hook,
  of: (pool) => pool.hooks,
  idOf: ({ hookId }) => hookId,
  bare: (hook) => ({
    ...withSortedLabels(hook),
    namespace: "",
    pool: "",
    updateCause: undefined,
    revision: "",
  }),
};

const keeper = keeperOf(hooks, {
  create: CreateHook,
  update: UpdateHook,
  delete: DeleteHook,
  created: HookCreatedV1,
  updated: HookUpdatedV1,
  deleted: HookDeletedV1,
  valueOf: ({ hook }) => hook,
  idOf: ({ hookId }) => hookId,
  toCreated: (hook, createMs, cause) => ({ hook, createMs, cause }),
  toUpdated: (hook, updateMs, cause) => ({ hook, updateMs, cause }),
  toDeleted: (hookId, deleteMs) => ({ hookId, deleteMs }),
});

export const {
  create: createHook,
  update: updateHook,
  remove: deleteHook,
  created: hookCreated,
  updated: hookUpdated,
  deleted: hookDeleted,
} = keeper;

function withSortedLabels(hook: Hook): Hook {
  const { action } = hook;
  if (action?.$case !== "rule" || action.value.verdict === undefined) return hook;
  const verdict = { ...action.value.verdict, labels: sorted(action.value.verdict.labels) };
  return { ...hook, action: { $case: "rule", value: { verdict } } };
}
