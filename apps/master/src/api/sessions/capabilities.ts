/** Whether somebody can do the tasks of a session: what nobody offers is refused at once, naming the task. */
import { type Agent, ListAgentsRequest } from "@tutti/contracts/swarm/v1";
import type { TaskSpec } from "@tutti/contracts/types/v1";
import { type CallContext, isTuttiError } from "@tutti/kernel";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import type { SessionDesk } from "./desk.ts";

/** Agents that are looked at for their resources. */
const agentsMax = 1_000;

export async function checkTasks(
  desk: Pick<SessionDesk, "registry" | "agents">,
  tasks: readonly TaskSpec[],
  pool: string,
  context: CallContext,
): Promise<void> {
  const kinds = new Map<string, TaskSpec[]>();
  for (const task of tasks) {
    if (task.work?.$case !== "capability") continue;
    const key = JSON.stringify([task.work.value, task.versionRange, task.placement?.pool || pool]);
    kinds.set(key, [...(kinds.get(key) ?? []), task]);
  }
  await Promise.all([...kinds].map(([key, those]) => checkKind(desk, key, those, context)));
}

async function checkKind(
  { registry, agents }: Pick<SessionDesk, "registry" | "agents">,
  key: string,
  tasks: readonly TaskSpec[],
  context: CallContext,
): Promise<void> {
  const [capability, versionRange, pool] = JSON.parse(key) as [string, string, string];
  const { namespace } = context;
  const wanted = resourcesOf(tasks);
  const request = ListAgentsRequest.fromPartial({
    namespace,
    filter: { capability, versionRange, pool },
    page: { size: wanted.size === 0 ? 1 : agentsMax },
  });
  const found = await asked(() => agents.listAgents(request, { context }));
  // Where no pool can be asked nobody knows, and the tasks wait for one that can.
  if (found === undefined) return;
  const [task] = tasks;
  if (found.agents.length === 0 && task !== undefined) {
    const known = await registry.findCapabilities(
      { namespace, name: capability, versionRange, labels: undefined },
      { context },
    );
    if (known.versions.length > 0) return;
    throw sessionServiceErrors.capabilityUnknown({ task: task.id, capability, range: versionRange });
  }
  for (const [resource, { amount, by }] of wanted) {
    const most = Math.max(0, ...found.agents.map((agent) => amountOf(agent, resource)));
    if (most < amount)
      throw sessionServiceErrors.resourcesImpossible({ task: by, resource, wanted: amount, most });
  }
}

function amountOf({ offering }: Agent, resource: string): number {
  return offering?.resources[resource] ?? 0;
}

/** The greatest amount of each resource, and which task wants it. */
function resourcesOf(tasks: readonly TaskSpec[]) {
  const wanted = new Map<string, { readonly amount: number; readonly by: string }>();
  for (const { id, resources } of tasks)
    for (const [name, amount] of Object.entries(resources))
      if (amount > (wanted.get(name)?.amount ?? 0)) wanted.set(name, { amount, by: id });
  return wanted;
}

async function asked<Reply>(ask: () => Promise<Reply>): Promise<Reply | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isTuttiError(error) && error.status === "UNAVAILABLE") return undefined;
    throw error;
  }
}
