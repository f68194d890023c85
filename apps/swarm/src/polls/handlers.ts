import type { agentPollService } from "@tutti/contracts/agent/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import { type CallContext, errorFromUnknown } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";
import { type AgentNames, requireOwnName } from "../grants/own-name.ts";
import { type GrantGuard, reportRefused } from "../grants/report-refused.ts";
import { defaultPool, type PoolDirectory } from "../pools/pool-directory.ts";
import type { AgentPolls } from "./agent-polls.ts";

export function pollHandlers(
  dependencies: AgentPolls,
  pools: PoolDirectory,
  guard: GrantGuard & AgentNames,
): Handlers<typeof agentPollService> {
  const admitted = async (request: Polled, context: CallContext): Promise<void> => {
    const namespace = namespaceOf(request);
    requireOwnName(guard, context.principal, { namespace, agentId: request.agentId });
    await pools.admitted(namespace, request.pool || defaultPool, context);
  };
  return {
    async claimTasks(request, context) {
      try {
        await admitted(request, context);
        return await dependencies.claim(request, context);
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        reportRefused(guard, error, context, "agent.tasks.claim");
        throw error;
      }
    },
    async completeTasks(request, context) {
      await admitted(request, context);
      return dependencies.complete(request, context);
    },
    async renewTasks(request, context) {
      await admitted(request, context);
      return dependencies.renew(request, context);
    },
  };
}

interface Polled {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
}
