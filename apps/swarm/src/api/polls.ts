import type { agentPollService } from "@tutti/contracts/agent/v1";
import type { Handlers } from "@tutti/mesh";
import type { PollDesk } from "../polls/poll-desk.ts";

export function pollHandlers(desk: PollDesk): Handlers<typeof agentPollService> {
  return {
    claimTasks: (request, { signal }) => desk.claim(request, signal),
    completeTasks: (request) => desk.complete(request),
    renewTasks: (request) => desk.renew(request),
  };
}
