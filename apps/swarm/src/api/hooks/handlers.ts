/** Hooks: create, update, delete and listen. The machine of their pool stores them. */
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type CreateHookRequest,
  type DeleteHookRequest,
  Hook,
  type hookService,
  type ListHooksRequest,
  type UpdateHookRequest,
} from "@tutti/contracts/swarm/v1";
import { urlProblem } from "@tutti/host/outgoing";
import { type CallContext, pageOf } from "@tutti/kernel";
import { createHook, deleteHook, poolErrors, updateHook } from "@tutti/machine-entities/pool";
import { compileHook, type HookProblem } from "@tutti/matching";
import type { Client, Handlers } from "@tutti/mesh";
import { type Hooks, inOrder } from "../../hooks/hooks.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Tenant } from "../../pools/tenant.ts";
import { checkAndReport, type WebhookGuard } from "../../webhooks/report-refused.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { mergedFields } from "../merged.ts";
import { poolsOf } from "../pools/listing.ts";
import { serveListener } from "./listening.ts";

export interface HookHandlerDependencies extends PoolDependencies {
  readonly hooks: Hooks;
  /** Hooks of pools of this process and of others. */
  readonly remoteHooks: Client<typeof hookService>;
  readonly guard: WebhookGuard;
}

const changeable = [
  "description",
  "moment",
  "order",
  "when",
  "action",
  "onFailure",
  "disabled",
  "labels",
] as const;

/** The names of the fields that set an action. */
const actions = new Set(["rule", "listener", "webhook"]);
const pageSize = 1_000;

export function hookHandlers(dependencies: HookHandlerDependencies): Handlers<typeof hookService> {
  return {
    createHook: (request, context) => create(dependencies, request, context),
    getHook: async (request, context) => ({
      hook: hookOf(await tenantOf(dependencies, request, context), request.hookId),
    }),
    listHooks: (request, context) => list(dependencies, request, context),
    updateHook: (request, context) => update(dependencies, request, context),
    deleteHook: (request, context) => remove(dependencies, request, context),
    listenToHook: (requests, context) => serveListener(dependencies, requests, context),
  };
}

function requireAllowed(
  { guard, settings }: HookHandlerDependencies,
  hook: Hook,
  context: CallContext,
  action: "swarm.hooks.create" | "swarm.hooks.update",
): void {
  checkAndReport(guard, context, action, () => requireValid(hook, settings.scaling.privateWebhooks));
}

async function create(
  dependencies: HookHandlerDependencies,
  request: CreateHookRequest,
  context: CallContext,
) {
  const { hook = Hook.create() } = request;
  requireAllowed(dependencies, hook, context, "swarm.hooks.create");
  const { pool } = await tenantOf(dependencies, { ...request, pool: hook.pool }, context);
  const { namespace, name } = pool;
  // The id alone identifies the request: the machine compares the content.
  const command = { command: createHook, body: { hook }, idempotencyKey: "" };
  const { existed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { hook: hookOf(await dependencies.pools.tenant(namespace, name, context), hook.hookId), existed };
}

async function update(
  dependencies: HookHandlerDependencies,
  request: UpdateHookRequest,
  context: CallContext,
) {
  const { hook: requested = Hook.create(), update: mask, reason } = request;
  const tenant = await tenantOf(dependencies, { ...request, pool: requested.pool }, context);
  const before = hookOf(tenant, requested.hookId);
  const fields = (mask?.fields ?? []).map((field) => (actions.has(field) ? "action" : field));
  const hook = mergedFields(before, requested, fields, changeable);
  requireAllowed(dependencies, hook, context, "swarm.hooks.update");
  const { namespace, name } = tenant.pool;
  // The revision that was read for the merge is required, unless the caller passed another one.
  const revision = Number(mask?.revision || before.revision);
  const command = { command: updateHook, body: { hook, revision }, reason };
  await dependencies.poolStore.change(namespace, name, command, context);
  return { hook: hookOf(await dependencies.pools.tenant(namespace, name, context), requested.hookId) };
}

async function remove(
  dependencies: HookHandlerDependencies,
  request: DeleteHookRequest,
  context: CallContext,
) {
  const { hookId, reason } = request;
  const { namespace, name } = (await tenantOf(dependencies, request, context)).pool;
  const command = { command: deleteHook, body: { hookId }, reason };
  const { removed } = await dependencies.poolStore.change(namespace, name, command, context);
  return { removed };
}

/** Lists hooks by pool, in the order of execution. Asks the other owners for those of their pools. */
async function list(dependencies: HookHandlerDependencies, request: ListHooksRequest, context: CallContext) {
  const namespace = namespaceOf(request);
  const { pool, page } = request;
  const hooks =
    pool === ""
      ? await hooksOfAll(dependencies, namespace, context)
      : await own(dependencies, request, context);
  const places = new Map(hooks.map((hook, at) => [hook, String(at).padStart(9, "0")]));
  const keyOf = (hook: Hook) => places.get(hook) ?? "";
  const { items, nextToken } = pageOf(hooks, { list: ["hooks", namespace, pool], keyOf }, page);
  return { hooks: items, page: { nextToken, total: hooks.length } };
}

async function own(
  dependencies: HookHandlerDependencies,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Hook[]> {
  const tenant = await tenantOf(dependencies, request, context);
  return inOrder(tenant.contents.hooks).map(({ hookId }) => hookOf(tenant, hookId));
}

async function hooksOfAll(
  dependencies: HookHandlerDependencies,
  namespace: string,
  context: CallContext,
): Promise<Hook[]> {
  const pools = await poolsOf(dependencies, namespace, context);
  const lists = pools.map(async ({ pool }) => {
    if (dependencies.pools.holds(namespace, pool)) return own(dependencies, { namespace, pool }, context);
    // A page is larger than the maximum of hooks in a pool.
    const page = { size: pageSize, token: "" };
    return (await dependencies.remoteHooks.listHooks({ namespace, pool, page }, { context })).hooks;
  });
  return (await Promise.all(lists)).flat();
}

function tenantOf(
  { pools }: Pick<PoolDependencies, "pools">,
  request: { readonly namespace: string; readonly pool: string },
  context: CallContext,
): Promise<Tenant> {
  return pools.tenant(namespaceOf(request), request.pool || defaultPool, context);
}

/** Returns the view of a hook. Throws if it does not exist. */
function hookOf({ pool, contents }: Tenant, hookId: string): Hook {
  const stored = contents.hooks.get(hookId);
  if (stored === undefined) throw poolErrors.missing({ name: "hook", id: hookId });
  const { value, revision, cause } = stored;
  return {
    // Only read.
    ...(value as Hook),
    namespace: pool.namespace,
    pool: pool.name,
    updateCause: cause as Hook["updateCause"],
    revision: String(revision),
  };
}

/** Throws the problems of a hook before it is stored, with their fields. */
function requireValid(hook: Hook, arePrivateAllowed: boolean): void {
  const { problems = [] } = compileHook(hook);
  const found = [...problems, ...webhookProblems(hook, arePrivateAllowed)];
  const [first] = found;
  if (first === undefined) return;
  const violations = found.map(({ field, message }) => ({ field: `hook.${field}`, message }));
  throw poolErrors.invalid(
    { problem: `hook ${hook.hookId}: ${first.field}: ${first.message}` },
    { violations },
  );
}

function webhookProblems({ action }: Hook, arePrivateAllowed: boolean): HookProblem[] {
  if (action?.$case !== "webhook") return [];
  const { url, secret } = action.value;
  const problems: HookProblem[] = [];
  const problem = urlProblem(url, arePrivateAllowed);
  if (problem !== undefined)
    problems.push({
      field: "webhook.url",
      message: `expected an address that may be called: ${problem}`,
    });
  if (secret !== "" && !/^(env|file):./.test(secret))
    problems.push({
      field: "webhook.secret",
      message: "expected a reference, env:NAME or file:/path, got none",
    });
  return problems;
}
