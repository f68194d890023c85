/** The commands and the events of a kind of thing that is kept. */
import { PoolChanged } from "@tutti/contracts/swarm/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly } from "@tutti/kernel";
import { decided } from "../../index.ts";
import { words } from "../errors.ts";
import { changed, type Pool, type PoolCommand, type PoolEvent } from "../state.ts";
import { type Kind, type Messages, nothing } from "./kind.ts";

export function keeperOf<
  T,
  Create,
  Update extends { readonly revision: number },
  Delete,
  Created extends { readonly createMs: number; readonly cause: Cause | undefined },
  Updated extends { readonly updateMs: number; readonly cause: Cause | undefined },
  Deleted,
>(kind: Kind<T>, messages: Messages<T, Create, Update, Delete, Created, Updated, Deleted>) {
  const events = eventsOf(kind, messages);
  return {
    ...events,
    create: creation(kind, messages, events.created),
    update: change(kind, messages, events.updated),
    remove: removal(kind, messages, events.deleted),
  };
}

function eventsOf<
  T,
  Create,
  Update,
  Delete,
  Created extends { readonly createMs: number; readonly cause: Cause | undefined },
  Updated extends { readonly updateMs: number; readonly cause: Cause | undefined },
  Deleted,
>(kind: Kind<T>, messages: Messages<T, Create, Update, Delete, Created, Updated, Deleted>) {
  const { name } = kind;
  const keep = (pool: Pool, body: Created | Updated, atMs: number): void => {
    const value = messages.valueOf(body);
    if (value === undefined) return;
    const all = kind.of(pool);
    const id = kind.idOf(value as ReadOnly<T>);
    all.set(id, { value, ...changed(pool, atMs, body.cause, all.get(id)) });
  };
  const created: PoolEvent<Created> = {
    type: `${name}_created`,
    version: 1,
    codec: messages.created,
    described: true,
    evolve: (pool, body) => keep(pool, body, body.createMs),
  };
  const updated: PoolEvent<Updated> = {
    type: `${name}_updated`,
    version: 1,
    codec: messages.updated,
    described: true,
    evolve: (pool, body) => keep(pool, body, body.updateMs),
  };
  const deleted: PoolEvent<Deleted> = {
    type: `${name}_deleted`,
    version: 1,
    codec: messages.deleted,
    described: true,
    evolve(pool, body) {
      pool.changes += 1;
      kind.of(pool).delete(messages.idOf(body));
    },
  };
  return { created, updated, deleted };
}

function creation<T, Create, Update, Delete, Created, Updated, Deleted>(
  kind: Kind<T>,
  messages: Messages<T, Create, Update, Delete, Created, Updated, Deleted>,
  created: PoolEvent<Created>,
): PoolCommand<Create, PoolChanged> {
  const { name } = kind;
  return {
    type: `create_${name}`,
    codec: messages.create,
    reply: PoolChanged,
    decide(pool, body, step) {
      const asked = { value: messages.valueOf(body), revision: 0, only: "new" as const };
      const found = decided(kind, kind.of(pool as Pool), asked, words);
      if (isRefusal(found)) return found;
      if (found.kind === "same") return { ...nothing, revision: found.revision, existed: true };
      step.emit(created, messages.toCreated(found.value, step.nowMs, step.cause));
      return { ...nothing, revision: pool.changes };
    },
  };
}

function change<T, Create, Update extends { readonly revision: number }, Delete, Created, Updated, Deleted>(
  kind: Kind<T>,
  messages: Messages<T, Create, Update, Delete, Created, Updated, Deleted>,
  updated: PoolEvent<Updated>,
): PoolCommand<Update, PoolChanged> {
  const { name } = kind;
  return {
    type: `update_${name}`,
    codec: messages.update,
    reply: PoolChanged,
    decide(pool, body, step) {
      const asked = { value: messages.valueOf(body), revision: body.revision, only: "present" as const };
      const found = decided(kind, kind.of(pool as Pool), asked, words);
      if (isRefusal(found)) return found;
      if (found.kind === "same") return { ...nothing, revision: found.revision };
      step.emit(updated, messages.toUpdated(found.value, step.nowMs, step.cause));
      return { ...nothing, revision: pool.changes };
    },
  };
}

function removal<T, Create, Update, Delete, Created, Updated, Deleted>(
  kind: Kind<T>,
  messages: Messages<T, Create, Update, Delete, Created, Updated, Deleted>,
  deleted: PoolEvent<Deleted>,
): PoolCommand<Delete, PoolChanged> {
  const { name } = kind;
  return {
    type: `delete_${name}`,
    codec: messages.delete,
    reply: PoolChanged,
    decide(pool, body, step) {
      const id = messages.idOf(body);
      if (!kind.of(pool as Pool).has(id)) return { ...nothing, revision: pool.changes };
      step.emit(deleted, messages.toDeleted(id, step.nowMs));
      return { ...nothing, revision: pool.changes, removed: true };
    },
  };
}
