/** Inboxes: set, delete and read. The machine of their pool stores them. */
import { namespaceOf } from "@tutti/contracts/rpc";
import {
  type DelegateInboxTaskRequest,
  Inbox,
  type inboxService,
  type ListInboxesRequest,
} from "@tutti/contracts/swarm/v1";
import type { taskService } from "@tutti/contracts/workflow/v1";
import { ofAllPages } from "@tutti/host/serving";
import { type CallContext, isTuttiError, pageOf } from "@tutti/kernel";
import { deleteInbox, setInbox } from "@tutti/machine-entities/pool";
import { windowProblem } from "@tutti/matching";
import type { Client, Handlers } from "@tutti/mesh";
import { inboxErrors } from "../../inboxes/errors.ts";
import { windowOf } from "../../inboxes/inbox-agent.ts";
import { type InboxRuns, inboxTask } from "../../inboxes/inbox-runs.ts";
import type { Inboxes } from "../../inboxes/inboxes.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Tenant } from "../../pools/tenant.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { poolsOf } from "../pools/listing.ts";

export interface InboxDependencies extends PoolDependencies {
  readonly inboxes: Inboxes;
  readonly runs: InboxRuns;
  readonly tasks: Pick<Client<typeof taskService>, "delegateApproval">;
  /** Inboxes of this process and of others. */
  readonly remoteInboxes: Client<typeof inboxService>;
}

export function inboxHandlers(dependencies: InboxDependencies): Handlers<typeof inboxService> {
  const tenantOf = (
    request: { readonly namespace: string; readonly pool: string },
    context: CallContext,
  ): Promise<Tenant> => dependencies.pools.tenant(namespaceOf(request), request.pool || defaultPool, context);
  return {
    async setInbox(request, context) {
      const { inbox = Inbox.create(), revision, reason } = request;
      const place = { ...request, pool: inbox.pool };
      const { namespace, name } = (await tenantOf(place, context)).pool;
      requireHours(inbox);
      await dependencies.runs.register(namespace, inbox, context.signal);
      const command = { command: setInbox, body: { inbox, revision: Number(revision) }, reason };
      await dependencies.poolStore.change(namespace, name, command, context);
      return { inbox: viewOf(dependencies, await tenantOf(place, context), inbox.inboxId) };
    },
    async getInbox(request, context) {
      return { inbox: viewOf(dependencies, await tenantOf(request, context), request.inboxId) };
    },
    listInboxes: (request, context) => list(dependencies, request, context),
    async delegateInboxTask(request, context) {
      const { runId, people, reason } = request;
      const { pool } = await tenantOf(request, context);
      if (dependencies.inboxes.has(pool, runId)) {
        if (await delegated(dependencies, request, context)) return { runId };
        await requireMovable(dependencies, pool.namespace, request, context);
      }
      const by = `${context.principal.id} gave it to ${people.join(", ")}`;
      const message = reason === "" ? by : `${by}: ${reason}`;
      const moved = await dependencies.inboxes.delegate(pool, runId, people, message);
      if (moved === undefined) throw inboxErrors.taskMissing({ run: runId, pool: pool.name });
      return { runId: moved };
    },
    async deleteInbox(request, context) {
      const { inboxId, reason } = request;
      const { namespace, name } = (await tenantOf(request, context)).pool;
      const command = { command: deleteInbox, body: { inboxId }, reason };
      const { removed } = await dependencies.poolStore.change(namespace, name, command, context);
      return { removed };
    },
  };
}

/** Requires the right to answer a task, or that no person has claimed it. */
async function requireMovable(
  { runs }: InboxDependencies,
  namespace: string,
  { runId, people }: DelegateInboxTaskRequest,
  { principal, signal }: CallContext,
): Promise<void> {
  if (people.includes(principal.id)) throw inboxErrors.delegatedToSelf({ person: principal.id });
  const person = await runs.claimant(namespace, runId, signal);
  if (person !== "" && person !== principal.id) throw inboxErrors.taskClaimed({ run: runId, person });
}

/** Delegates the own answer of a caller with the right to answer. Returns false for any other caller. */
async function delegated(
  { tasks }: InboxDependencies,
  { namespace, runId, people, reason }: DelegateInboxTaskRequest,
  context: CallContext,
): Promise<boolean> {
  try {
    await tasks.delegateApproval({ namespace, runId, approvalId: inboxTask, people, reason }, { context });
    return true;
  } catch (error) {
    if (isTuttiError(error) && error.code === "workflow.approval_not_among") return false;
    throw error;
  }
}

async function list(dependencies: InboxDependencies, request: ListInboxesRequest, context: CallContext) {
  const namespace = namespaceOf(request);
  const { pool, page } = request;
  const names =
    pool === "" ? (await poolsOf(dependencies, namespace, context)).map((each) => each.pool) : [pool];
  const all = (await Promise.all(names.map((name) => ofPool(dependencies, namespace, name, context)))).flat();
  const { items, nextToken } = pageOf(
    all,
    { list: ["inboxes", namespace, pool], keyOf: (inbox) => `${inbox.pool}/${inbox.inboxId}` },
    page,
  );
  return { inboxes: items, page: { nextToken, total: all.length } };
}

async function ofPool(
  dependencies: InboxDependencies,
  namespace: string,
  pool: string,
  context: CallContext,
): Promise<Inbox[]> {
  if (!dependencies.pools.holds(namespace, pool))
    return ofAllPages(
      (page) => dependencies.remoteInboxes.listInboxes({ namespace, pool, page }, { context }),
      ({ inboxes }) => inboxes,
    );
  const tenant = await dependencies.pools.tenant(namespace, pool, context);
  return [...tenant.contents.inboxes.keys()].sort().map((id) => viewOf(dependencies, tenant, id));
}

function requireHours({ hours }: Inbox): void {
  for (const [index, window] of hours.entries()) {
    const problem = windowProblem(windowOf(window));
    if (problem !== undefined) throw inboxErrors.hoursInvalid({ problem: `hours[${index}]: ${problem}` });
  }
}

function viewOf({ inboxes }: InboxDependencies, { pool, contents }: Tenant, inboxId: string): Inbox {
  const stored = contents.inboxes.get(inboxId);
  if (stored === undefined) throw inboxErrors.unknown({ pool: pool.name, inbox: inboxId });
  const { value, revision, cause } = stored;
  return {
    ...(value as Inbox),
    namespace: pool.namespace,
    pool: pool.name,
    updateCause: cause as Inbox["updateCause"],
    openTasks: inboxes.openTasks(pool, inboxId),
    revision: String(revision),
  };
}
