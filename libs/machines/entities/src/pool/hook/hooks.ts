/** Stored hooks. The caller validates their rules before. */
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
import { removeCommand, removedEvent, storeCommand, storedEvent } from "../../kit/collection.ts";
import { inPool, type PoolKind } from "../collections.ts";
import { hooksMax } from "../limits.ts";

const hooks: PoolKind<Hook> = {
  ...inPool,
  name: "hook",
  max: hooksMax,
  codec: Hook,
  of: (pool) => pool.hooks,
  idOf: ({ hookId }) => hookId,
  bare: (hook) => ({
    ...withSortedLabels(hook),
    labels: sorted(hook.labels),
    namespace: "",
    pool: "",
    updateCause: undefined,
    revision: "",
  }),
};

export const hookCreated = storedEvent(hooks, {
  type: "hook_created",
  codec: HookCreatedV1,
  valueOf: ({ hook }) => hook,
  atMs: ({ createMs }) => createMs,
});

export const hookUpdated = storedEvent(hooks, {
  type: "hook_updated",
  codec: HookUpdatedV1,
  valueOf: ({ hook }) => hook,
  atMs: ({ updateMs }) => updateMs,
});

export const hookDeleted = removedEvent(hooks, {
  type: "hook_deleted",
  codec: HookDeletedV1,
  idOf: ({ hookId }) => hookId,
});

export const createHook = storeCommand(hooks, {
  type: "create_hook",
  codec: CreateHook,
  event: hookCreated,
  requestOf: ({ hook: value }) => ({ value, revision: 0, only: "new" }),
  toEvent: (hook, createMs, cause) => ({ hook, createMs, cause }),
});

export const updateHook = storeCommand(hooks, {
  type: "update_hook",
  codec: UpdateHook,
  event: hookUpdated,
  requestOf: ({ hook: value, revision }) => ({ value, revision, only: "present" }),
  toEvent: (hook, updateMs, cause) => ({ hook, updateMs, cause }),
});

export const deleteHook = removeCommand(hooks, {
  type: "delete_hook",
  codec: DeleteHook,
  event: hookDeleted,
  idOf: ({ hookId }) => hookId,
  toEvent: ({ hookId }, deleteMs) => ({ hookId, deleteMs }),
});

function withSortedLabels(hook: Hook): Hook {
  const { action } = hook;
  if (action?.$case !== "rule" || action.value.verdict === undefined) return hook;
  const verdict = { ...action.value.verdict, labels: sorted(action.value.verdict.labels) };
  return { ...hook, action: { $case: "rule", value: { verdict } } };
}
