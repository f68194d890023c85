/** Settings of the namespace itself. */
import {
  KeepNamespace,
  Namespace,
  NamespaceKeptV1,
  NamespaceRemovedV1,
  RemoveNamespace,
  TenantChanged,
} from "@tutti/contracts/governance/v1";
import { isRefusal } from "@tutti/kernel";
import { decided, type Stored, type StoredKind, sorted } from "../../index.ts";
import { refusals } from "../errors.ts";
import { bytesMax, idLengthMax } from "../limits.ts";
import { changed, newTenant, type TenantCommand, type TenantEvent } from "../state.ts";
import { nothing, onlyOf } from "./keeper.ts";

const kind: StoredKind<Namespace> = {
  name: "namespace",
  codec: Namespace,
  max: 1,
  idLengthMax,
  bytesMax,
  idOf: ({ name }) => name,
  bare: (namespace) => ({
    ...namespace,
    labels: sorted(namespace.labels),
    createTime: undefined,
    createCause: undefined,
    revision: "",
  }),
};

export const namespaceKept: TenantEvent<NamespaceKeptV1> = {
  type: "namespace_kept",
  version: 1,
  codec: NamespaceKeptV1,
  described: true,
  evolve(tenant, { resource, timeMs, cause }) {
    if (resource !== undefined)
      tenant.namespace = { value: resource, ...changed(tenant, timeMs, cause, tenant.namespace) };
  },
};

export const namespaceRemoved: TenantEvent<NamespaceRemovedV1> = {
  type: "namespace_removed",
  version: 1,
  codec: NamespaceRemovedV1,
  described: true,
  evolve(tenant, _body, outstanding) {
    const { changes } = tenant;
    // Revisions continue, so that a later item is never taken for an earlier one.
    Object.assign(tenant, newTenant(), { changes: changes + 1 });
    outstanding.cleared(1);
  },
};

export const keepNamespace: TenantCommand<KeepNamespace, TenantChanged> = {
  type: "keep_namespace",
  codec: KeepNamespace,
  reply: TenantChanged,
  decide(tenant, { resource, revision, mode }, step) {
    const namespaceInput = resource && { ...resource, name: step.key.id };
    const { namespace } = tenant;
    const all = new Map(namespace === undefined ? [] : [[step.key.id, namespace as Stored<Namespace>]]);
    const found = decided(kind, all, { value: namespaceInput, revision, only: onlyOf(mode) }, refusals);
    if (isRefusal(found)) return found;
    if (found.kind === "same") return { ...nothing, revision: found.revision, existed: true };
    const existed = namespace !== undefined;
    step.emit(namespaceKept, { resource: found.value, timeMs: step.nowMs, cause: step.cause });
    return { ...nothing, revision: tenant.changes, existed };
  },
};

export const removeNamespace: TenantCommand<RemoveNamespace, TenantChanged> = {
  type: "remove_namespace",
  codec: RemoveNamespace,
  reply: TenantChanged,
  decide(tenant, _body, step) {
    if (tenant.changes === 0 || (tenant.namespace === undefined && tenant.weight === 0))
      return { ...nothing, revision: tenant.changes };
    step.emit(namespaceRemoved, { timeMs: step.nowMs });
    return { ...nothing, revision: tenant.changes, removed: 1 };
  },
};
