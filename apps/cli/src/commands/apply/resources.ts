/**
 * The kinds of resources that files describe, over REST: how each is listed, written and deleted. A new kind is a row
 * here, and a row of `resourceKinds` in the library `validation`, which reads its file.
 */
import type { Alert, Cause } from "@tutti/rest/types";
import { emptyFields, isInPool, type ResourceKindName, resourceKinds, specOf } from "@tutti/validation";
import type { Shell } from "../../effects/shell.ts";
import { describedId } from "../../local/check-applied.ts";
import { unreadable } from "../../server/address.ts";
import type { RouteName, Server } from "../../server/calls.ts";
import { isAdapter } from "../adapters/launched.ts";
import { statusOf } from "../request.ts";
import { nothingApplied } from "./folder.ts";

type Json = Readonly<Record<string, unknown>>;

/** A resource as the platform has it. */
export interface FoundResource {
  readonly id: string;
  readonly spec: Json;
  readonly paused: boolean;
  readonly revision: string;
  /** The cause of the last change. Undefined if only the audit log has it. */
  readonly cause: Cause | undefined;
  readonly live: readonly LiveWork[];
}

/** Work that a change of a resource affects: `waiting tasks`, and how many. */
export interface LiveWork {
  readonly what: string;
  readonly count: number;
}

/** Description of a resource. */
interface WrittenResource {
  readonly spec: Json;
  readonly paused: boolean | undefined;
  /** Value of a secret. */
  readonly value?: string | undefined;
}

interface Row {
  readonly list: RouteName;
  /** The field of the reply that has the list. */
  readonly entries: string;
  /** Resources that cannot be changed. */
  readonly isFixed?: (resource: Json) => boolean;
  /** Affected work, as the resource itself counts it. Not set: a change affects only later work. */
  readonly live?: (resource: Json) => readonly LiveWork[];
  /** Affected work that other resources count, by id. */
  readonly liveFromOthers?: (server: Server) => Promise<(id: string) => readonly LiveWork[]>;
  /** Route that reads one resource, if the list comes from an index that is a moment late. */
  readonly get?: { readonly route: RouteName; readonly param: string };
  readonly write: (call: Writing) => Promise<void>;
  readonly remove: (call: Removing) => Promise<void>;
}

interface Removing {
  readonly call: (route: RouteName, parts: Json) => Promise<unknown>;
  readonly query: Json;
  /** The own id, and the pool that it is unique in. */
  readonly id: string;
  readonly pool: Json;
}

interface Writing extends Removing {
  readonly resourceKind: ResourceKindName;
  readonly body: Json;
  readonly found: FoundResource | undefined;
  readonly written: WrittenResource;
}

/** Returns the calls for a kind that is created once, then changed field by field. */
function patched(kind: "pools" | "scalers" | "hooks", param: string): Pick<Row, "write" | "remove"> {
  return {
    async write({ call, query, id, resourceKind, body, found, written: { paused } }) {
      if (found === undefined) await call(`${kind}.create`, { query, body });
      // A new pool starts with the defaults that are switched on, also if its body has other values.
      if (found === undefined && kind !== "pools") return;
      const revision = found === undefined ? {} : { revision: found.revision };
      const { paused: _, ...empty } = emptyFields(resourceKind);
      const changed = kind === "pools" ? { ...body, paused: undefined } : body;
      await call(`${kind}.update`, {
        params: { [param]: id },
        query,
        body: withoutUndefined({
          ...(kind !== "pools" && empty),
          ...(resourceKind === "scaler" && { paused: false }),
          ...changed,
          ...revision,
        }),
      });
      if (kind === "pools" && paused !== undefined && paused !== (found?.paused ?? false))
        await call(paused ? "pools.pause" : "pools.resume", { params: { pool: id }, query, body: {} });
    },
    remove: async ({ call, query, id, pool }) => {
      await call(`${kind}.delete`, { params: { [param]: id }, query: { ...query, ...pool } });
    },
  };
}

/** Returns the calls for a kind that each write replaces as a whole. */
function put(
  kind:
    | "roles"
    | "rules"
    | "limits"
    | "quotas"
    | "rotations"
    | "escalationPolicies"
    | "alertRules"
    | "inboxes",
  param: string,
): Pick<Row, "write" | "remove"> {
  return {
    async write({ call, query, id, body, found }) {
      const revision = found === undefined ? {} : { revision: found.revision };
      await call(`${kind}.set`, { params: { [param]: id }, query: { ...query, ...revision }, body });
    },
    remove: async ({ call, query, id }) => {
      await call(`${kind}.delete`, { params: { [param]: id }, query });
    },
  };
}

const rows: Readonly<Record<ResourceKindName, Row>> = {
  secret: {
    list: "secrets.list",
    entries: "secrets",
    async write({ call, query, id, body, written }) {
      const value = Buffer.from(written.value ?? "").toString("base64");
      const { name: _, ...settings } = body;
      await call("secrets.put", { params: { name: id }, query, body: { ...settings, value } });
    },
    remove: async ({ call, query, id }) => {
      await call("secrets.delete", { params: { name: id }, query });
    },
  },
  role: {
    list: "roles.list",
    entries: "roles",
    isFixed: ({ readyMade }) => readyMade === true,
    ...put("roles", "role"),
  },
  binding: {
    list: "roleBindings.list",
    entries: "bindings",
    // A binding has no update: different rights are a different binding.
    async write({ call, query, id, body, found }) {
      if (found !== undefined) await call("roleBindings.delete", { params: { id }, query });
      await call("roleBindings.create", { query, body });
    },
    remove: async ({ call, query, id }) => {
      await call("roleBindings.delete", { params: { id }, query });
    },
  },
  rule: { list: "rules.list", entries: "rules", ...put("rules", "id") },
  policy: {
    list: "policies.list",
    entries: "policies",
    async write({ call, query, body }) {
      await call("policies.apply", { query, body: { change: { set: [body] }, reason: "tutti apply" } });
    },
    remove: async ({ call, query, id }) => {
      const body = { change: { removedPolicyIds: [id] }, reason: "tutti apply" };
      await call("policies.apply", { query, body });
    },
  },
  pool: {
    list: "pools.list",
    entries: "pools",
    live: counting("status", { queued: "waiting tasks", running: "running tasks" }),
    ...patched("pools", "pool"),
  },
  scaler: {
    list: "scalers.list",
    entries: "scalers",
    isFixed: isAdapter,
    live: counting("status", { joined: "workers", starting: "starting workers" }),
    ...patched("scalers", "id"),
  },
  hook: {
    list: "hooks.list",
    entries: "hooks",
    // A hook decides about the tasks of its pool.
    async liveFromOthers(server) {
      const pools = await listResources(server, "pool");
      return (id) => pools.get(id.slice(0, Math.max(0, id.indexOf("/"))))?.live ?? [];
    },
    ...patched("hooks", "id"),
  },
  inbox: {
    list: "inboxes.list",
    entries: "inboxes",
    live: ({ openTasks }) => present([["open tasks", openTasks]]),
    ...put("inboxes", "id"),
    remove: async ({ call, query, id, pool }) => {
      await call("inboxes.delete", { params: { id }, query: { ...query, ...pool } });
    },
  },
  limit: {
    list: "limits.list",
    entries: "limits",
    live: ({ held, waiting }) =>
      present([
        ["holders", held],
        ["waiting holders", waiting],
      ]),
    // Limits that tasks define have no revision.
    isFixed: ({ revision }) => revision === "0",
    get: { route: "limits.get", param: "key" },
    ...put("limits", "key"),
  },
  rotation: {
    list: "rotations.list",
    entries: "rotations",
    ...put("rotations", "id"),
    write: (call) => put("rotations", "id").write({ ...call, body: { ...call.found?.spec, ...call.body } }),
  },
  escalation: {
    list: "escalationPolicies.list",
    entries: "policies",
    liveFromOthers: openAlertsBy("escalating alerts", ({ escalation }) => escalation?.policyId),
    ...put("escalationPolicies", "id"),
  },
  "alert-rule": {
    list: "alertRules.list",
    entries: "rules",
    liveFromOthers: openAlertsBy("open alerts", ({ ruleId }) => ruleId),
    ...put("alertRules", "id"),
  },
  quota: {
    list: "quotas.list",
    entries: "quotas",
    live: ({ used }) =>
      present(Object.entries((used ?? {}) as Json).map(([name, count]) => [`${name} in use`, count])),
    ...put("quotas", "quota"),
  },
};

/** Returns the cause that stored the first listed value of a secret. */
function storedBy({ versions }: Json): unknown {
  return Array.isArray(versions) ? (versions as readonly Json[])[0]?.["createCause"] : undefined;
}

function counting(field: string, labels: Readonly<Record<string, string>>): NonNullable<Row["live"]> {
  return (resource) => {
    const counts = (resource[field] ?? {}) as Json;
    return present(Object.entries(labels).map(([key, label]) => [label, counts[key]]));
  };
}

function openAlertsBy(
  label: string,
  idIn: (alert: Alert) => string | undefined,
): NonNullable<Row["liveFromOthers"]> {
  return async (server) => {
    const counts = new Map<string, number>();
    for await (const alert of listed<Alert>(server, "alerts.list", "alerts")) {
      const id = idIn(alert) ?? "";
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return (id) => present([[label, counts.get(id)]]);
  };
}

/**
 * Returns a counter of the work that a change of a resource affects. The count is undefined if the caller may not read
 * the other resources, because the change itself needs no such right. These are read once, for the first count.
 */
export function liveCounter(server: Server, kind: ResourceKindName) {
  const { liveFromOthers } = rows[kind];
  let counted: Promise<(id: string) => readonly LiveWork[] | undefined> | undefined;
  return async (id: string, found: FoundResource | undefined): Promise<readonly LiveWork[] | undefined> => {
    if (liveFromOthers === undefined) return found?.live ?? [];
    counted ??= liveFromOthers(server).catch((error: unknown) => {
      if (statusOf(error) === 403) return () => undefined;
      throw error;
    });
    return (await counted)(id);
  };
}

/** Returns the counts above zero. */
export function present(counts: readonly (readonly [what: string, count: unknown])[]): readonly LiveWork[] {
  return counts.flatMap(([what, count]) => (typeof count === "number" && count > 0 ? [{ what, count }] : []));
}

/** Kinds in the order of writing. Deletion uses the reverse order. */
export const resourceKindNames = Object.keys(rows) as readonly ResourceKindName[];

/** Returns all resources of a kind that files describe, by their ids. */
export async function listResources(
  server: Server,
  kind: ResourceKindName,
  isIncluded: (resource: Json) => boolean = (resource) => rows[kind].isFixed?.(resource) !== true,
): Promise<ReadonlyMap<string, FoundResource>> {
  const { list, entries } = rows[kind];
  const found = new Map<string, FoundResource>();
  for await (const entry of listed<Json>(server, list, entries)) {
    if (!isIncluded(entry)) continue;
    const resource = resourceOf(kind, entry);
    found.set(resource.id, resource);
  }
  return found;
}

/** Reads a list to its end. */
export async function* listed<T>(server: Server, route: RouteName, entries: string): AsyncGenerator<T> {
  let token: string | undefined;
  do {
    const size = route === "roles.list" ? {} : { size: 500 };
    const query = { ...server.namespace, ...size, ...(token && { token }) };
    const reply = (await looselyOf(server)(route, { query })) as Json;
    yield* (reply[entries] ?? []) as readonly T[];
    token = (reply["nextToken"] as string | undefined) || undefined;
  } while (token !== undefined);
}

/** Reads a resource that is missing in a list which may be late. */
export async function getResource(
  server: Server,
  kind: ResourceKindName,
  id: string,
): Promise<FoundResource | undefined> {
  const { get, isFixed = () => false } = rows[kind];
  if (get === undefined) return undefined;
  const reply = looselyOf(server)(get.route, { params: { [get.param]: id }, query: server.namespace });
  const entry = (await unlessMissing(reply)) as Json | undefined;
  return entry === undefined || isFixed(entry) ? undefined : resourceOf(kind, entry);
}

function resourceOf(kind: ResourceKindName, entry: Json): FoundResource {
  const spec = specOf(kind, entry);
  return {
    id: describedId(kind, String(entry[idOf(kind)]), spec),
    spec,
    paused: entry["paused"] === true,
    revision: String(entry["revision"] ?? ""),
    cause: (entry["updateCause"] ?? storedBy(entry)) as Cause | undefined,
    live: rows[kind].live?.(entry) ?? [],
  };
}

export async function writeResource(
  server: Server,
  kind: ResourceKindName,
  id: string,
  parts: Pick<Writing, "written" | "found">,
): Promise<void> {
  const own = ownId(kind, id);
  const body = { ...parts.written.spec, [idOf(kind)]: own };
  const call = looselyOf(server);
  await rows[kind].write({
    call,
    query: server.namespace,
    id: own,
    pool: {},
    resourceKind: kind,
    body,
    ...parts,
  });
}

export async function removeResource(
  server: Server,
  kind: ResourceKindName,
  found: FoundResource,
): Promise<void> {
  const { pool } = found.spec;
  const call = looselyOf(server);
  await rows[kind].remove({
    call,
    query: server.namespace,
    id: ownId(kind, found.id),
    pool: pool === undefined ? {} : { pool },
  });
}

/** Whether fields that a file does not set stay as they are on the platform. */
export function keepsUnset(resourceKind: string): boolean {
  const kind: { readonly keepsUnset?: boolean } | undefined = resourceKinds[resourceKind as ResourceKindName];
  return kind?.keepsUnset === true;
}

function idOf(kind: ResourceKindName): string {
  return resourceKinds[kind].id;
}

function ownId(kind: ResourceKindName, id: string): string {
  return isInPool(kind) ? id.slice(id.indexOf("/") + 1) : id;
}

/** Calls routes by name. The rows know the parts of each route, and the platform checks them. */
function looselyOf(server: Server): Removing["call"] {
  return (route, parts) => server.call(route, parts as never);
}

function withoutUndefined(json: Json): Json {
  return Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));
}

/** Reads the value of a secret. Fails if there is none, so that a plan with it says the same as the change. */
export async function secretValue(
  {
    id,
    fileName,
    from,
  }: { readonly id: string; readonly fileName: string; readonly from: string | undefined },
  { environment, readText }: Pick<Shell, "environment" | "readText">,
): Promise<string> {
  const refused = (reason: string) => nothingApplied(`${fileName}: secret \`${id}\`: ${reason}`);
  const [, source, name = ""] = /^(env|file):(.+)$/.exec(from ?? "") ?? [];
  if (source === undefined)
    throw refused("it needs a value. Set `from: env:NAME` or `from: file:PATH` in its file.");
  if (source === "env" && environment[name] === undefined)
    throw refused(`the variable \`${name}\` is not set.`);
  const text =
    source === "env"
      ? (environment[name] ?? "")
      : await readText(name).catch((error: unknown) => {
          throw refused(`${unreadable(name, error).message}.`);
        });
  const value = source === "env" ? text : text.replace(/\r?\n$/, "");
  if (value === "") throw refused(`\`${from}\` is empty.`);
  return value;
}

export async function unlessMissing<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
