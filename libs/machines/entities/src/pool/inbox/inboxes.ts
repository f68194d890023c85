/** Stored inboxes: capabilities, people and rules. Their open tasks are runs, and not stored here. */
import { DeleteInbox, Inbox, InboxDeletedV1, InboxSetV1, SetInbox } from "@tutti/contracts/swarm/v1";
import type { Outstanding } from "@tutti/kernel";
import { sorted } from "../../index.ts";
import { removeCommand, removedEvent, storeCommand, storedEvent } from "../../kit/collection.ts";
import { inPool, type PoolKind } from "../collections.ts";
import { inboxesMax } from "../limits.ts";
import { requestTending } from "../scaler/tending.ts";
import type { TendPool } from "../state.ts";

const inboxes: PoolKind<Inbox> = {
  ...inPool,
  name: "inbox",
  max: inboxesMax,
  codec: Inbox,
  of: (pool) => pool.inboxes,
  idOf: ({ inboxId }) => inboxId,
  bare: (inbox) => ({
    ...inbox,
    labels: sorted(inbox.labels),
    namespace: "",
    pool: "",
    openTasks: 0,
    updateCause: undefined,
    revision: "",
  }),
};

export const inboxSet = storedEvent(inboxes, {
  type: "inbox_set",
  codec: InboxSetV1,
  valueOf: ({ inbox }) => inbox,
  atMs: ({ setMs }) => setMs,
  after(pool, before, _body, outstanding: Outstanding<TendPool>) {
    requestTending(pool, before === undefined ? -1 : 0, outstanding);
  },
});

export const inboxDeleted = removedEvent(inboxes, {
  type: "inbox_deleted",
  codec: InboxDeletedV1,
  idOf: ({ inboxId }) => inboxId,
  after(pool, before, _body, outstanding: Outstanding<TendPool>) {
    requestTending(pool, before === undefined ? 0 : 1, outstanding);
  },
});

export const setInbox = storeCommand(inboxes, {
  type: "set_inbox",
  codec: SetInbox,
  event: inboxSet,
  requestOf: ({ inbox: value, revision }) => ({ value, revision }),
  toEvent: (inbox, setMs, cause) => ({ inbox, setMs, cause }),
});

export const deleteInbox = removeCommand(inboxes, {
  type: "delete_inbox",
  codec: DeleteInbox,
  event: inboxDeleted,
  idOf: ({ inboxId }) => inboxId,
  toEvent: ({ inboxId }, deleteMs) => ({ inboxId, deleteMs }),
});
