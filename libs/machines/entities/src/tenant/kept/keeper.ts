/** The commands and the events of a kind of item that a tenant stores. */
import { KeepMode, type TenantChanged } from "@tutti/contracts/governance/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import type { WireCodec } from "@tutti/kernel";
import { removeCommand, removedEvent, storeCommand, storedEvent } from "../../kit/collection.ts";
import type { Stored } from "../../kit/stored.ts";
import type { Tenant } from "../state.ts";
import type { TenantKind } from "./kinds.ts";

interface WritePrecondition {
  readonly revision: number;
  readonly mode: KeepMode;
}

interface Written {
  readonly timeMs: number;
  readonly cause: Cause | undefined;
}

/** Messages of the kind, and the location of the item in them. */
export interface Messages<T, Keep extends WritePrecondition, Remove, KeptEvent extends Written, Removed> {
  readonly keep: WireCodec<Keep>;
  readonly remove: WireCodec<Remove>;
  readonly kept: WireCodec<KeptEvent>;
  readonly removed: WireCodec<Removed>;
  readonly valueOf: (body: Keep | KeptEvent) => T | undefined;
  readonly idOf: (body: Remove | Removed) => string;
  readonly toKept: (value: T, written: Written) => KeptEvent;
  readonly toRemoved: (body: Remove, written: Written) => Removed;
  /** Further effects of a change or a removal. */
  readonly after?: (tenant: Tenant, before: Stored<T> | undefined, body: KeptEvent | Removed) => void;
}

export const nothing: TenantChanged = { revision: 0, existed: false, removed: 0 };

export function onlyOf(mode: KeepMode): "new" | "present" | undefined {
  if (mode === KeepMode.KEEP_MODE_NEW) return "new";
  return mode === KeepMode.KEEP_MODE_PRESENT ? "present" : undefined;
}

export function keeperOf<T, Keep extends WritePrecondition, Remove, KeptEvent extends Written, Removed>(
  kind: TenantKind<T>,
  messages: Messages<T, Keep, Remove, KeptEvent, Removed>,
) {
  const { idOf, toKept, toRemoved, after } = messages;
  const kept = storedEvent(kind, {
    type: `${kind.type}_kept`,
    codec: messages.kept,
    after,
    valueOf: (body: KeptEvent) => messages.valueOf(body),
    atMs: ({ timeMs }) => timeMs,
  });
  const removed = removedEvent(kind, {
    type: `${kind.type}_removed`,
    codec: messages.removed,
    after,
    idOf: (body: Removed) => idOf(body),
  });
  const keep = storeCommand(kind, {
    type: `keep_${kind.type}`,
    codec: messages.keep,
    event: kept,
    requestOf: (body) => ({
      value: messages.valueOf(body),
      revision: body.revision,
      only: onlyOf(body.mode),
    }),
    toEvent: (value, timeMs, cause) => toKept(value, { timeMs, cause }),
  });
  const remove = removeCommand(kind, {
    type: `remove_${kind.type}`,
    codec: messages.remove,
    idOf,
    event: removed,
    toEvent: (body, timeMs, cause) => toRemoved(body, { timeMs, cause }),
  });
  return { keep, remove, kept, removed };
}
