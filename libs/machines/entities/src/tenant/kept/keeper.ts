/** The commands and the events of a kind of thing that a tenant keeps. */
import { KeepMode, TenantChanged } from "@tutti/contracts/governance/v1";
import type { Cause } from "@tutti/contracts/types/v1";
import { isRefusal, type ReadOnly, type WireCodec } from "@tutti/kernel";
import { decided, type Kept, weightOf } from "../../index.ts";
import { tooHeavy, words } from "../errors.ts";
import { weightMax } from "../limits.ts";
import { changed, type Tenant, type TenantCommand, type TenantEvent } from "../state.ts";
import type { TenantKind } from "./kinds.ts";

interface Wanted {
  readonly revision: number;
  readonly mode: KeepMode;
}

interface Written {
  readonly timeMs: number;
  readonly cause: Cause | undefined;
}

/** Its messages, and where in them it is. */
export interface Messages<T, Keep extends Wanted, Remove, KeptEvent extends Written, Removed> {
  readonly keep: WireCodec<Keep>;
  readonly remove: WireCodec<Remove>;
  readonly kept: WireCodec<KeptEvent>;
  readonly removed: WireCodec<Removed>;
  readonly valueOf: (body: Keep | KeptEvent) => T | undefined;
  readonly idOf: (body: Remove | Removed) => string;
  readonly toKept: (value: T, written: Written) => KeptEvent;
  readonly toRemoved: (body: Remove, written: Written) => Removed;
  /** What is done with it as it was, before it is another one or gone. */
  readonly afterChange?: (tenant: Tenant, before: Kept<T>, body: KeptEvent | Removed) => void;
  /** What goes with it. */
  readonly afterRemoval?: (tenant: Tenant, id: string) => void;
}

export const nothing: TenantChanged = { revision: 0, existed: false, removed: 0 };

export function onlyOf(mode: KeepMode): "new" | "present" | undefined {
  if (mode === KeepMode.KEEP_MODE_NEW) return "new";
  return mode === KeepMode.KEEP_MODE_PRESENT ? "present" : undefined;
}

export function keeperOf<T, Keep extends Wanted, Remove, KeptEvent extends Written, Removed>(
  kind: TenantKind<T>,
  messages: Messages<T, Keep, Remove, KeptEvent, Removed>,
) {
  const kept: TenantEvent<KeptEvent> = {
    type: `${kind.type}_kept`,
    version: 1,
    codec: messages.kept,
    described: true,
    evolve(tenant, body) {
      const value = messages.valueOf(body);
      if (value === undefined) return;
      const before = kind.of(tenant).get(kind.idOf(value as ReadOnly<T>));
      put(kind, tenant, value, body);
      if (before !== undefined) messages.afterChange?.(tenant, before, body);
    },
  };
  const removed: TenantEvent<Removed> = {
    type: `${kind.type}_removed`,
    version: 1,
    codec: messages.removed,
    described: true,
    evolve(tenant, body) {
      const id = messages.idOf(body);
      const before = kind.of(tenant).get(id);
      tenant.changes += 1;
      take(kind, tenant, id);
      if (before !== undefined) messages.afterChange?.(tenant, before, body);
      messages.afterRemoval?.(tenant, id);
    },
  };
  const keep: TenantCommand<Keep, TenantChanged> = {
    type: `keep_${kind.type}`,
    codec: messages.keep,
    reply: TenantChanged,
    decide(tenant, body, step) {
      const all = kind.of(tenant as Tenant);
      const asked = { value: messages.valueOf(body), revision: body.revision, only: onlyOf(body.mode) };
      const found = decided(kind, all, asked, words);
      if (isRefusal(found)) return found;
      if (found.kind === "same") return { ...nothing, revision: found.revision, existed: true };
      const { id, value } = found;
      const existed = all.has(id);
      if (tenant.weight + weightOf(kind.codec, value) > weightMax) return tooHeavy(weightMax);
      step.emit(kept, messages.toKept(value, { timeMs: step.nowMs, cause: step.cause }));
      return { ...nothing, revision: tenant.changes, existed };
    },
  };
  const remove: TenantCommand<Remove, TenantChanged> = {
    type: `remove_${kind.type}`,
    codec: messages.remove,
    reply: TenantChanged,
    decide(tenant, body, step) {
      if (!kind.of(tenant as Tenant).has(messages.idOf(body)))
        return { ...nothing, revision: tenant.changes };
      step.emit(removed, messages.toRemoved(body, { timeMs: step.nowMs, cause: step.cause }));
      return { ...nothing, revision: tenant.changes, removed: 1 };
    },
  };
  return { keep, remove, kept, removed };
}

function put<T>(kind: TenantKind<T>, tenant: Tenant, value: T, { timeMs, cause }: Written): void {
  const all = kind.of(tenant);
  const id = kind.idOf(value as Parameters<typeof kind.idOf>[0]);
  const before = all.get(id);
  if (before !== undefined) tenant.weight -= weightOf(kind.codec, before.value);
  tenant.weight += weightOf(kind.codec, value);
  all.set(id, { value, ...changed(tenant, timeMs, cause, before) });
}

function take<T>(kind: TenantKind<T>, tenant: Tenant, id: string): void {
  const all = kind.of(tenant);
  const before = all.get(id);
  if (before !== undefined) tenant.weight -= weightOf(kind.codec, before.value);
  all.delete(id);
}
