import type { Route } from "./route.ts";

const agents = "tutti.swarm.v1.AgentService";
const polls = "tutti.agent.v1.AgentPollService";
const id = { id: "agentId" } as const;

export const agentRoutes = [
  { name: "agents.list", method: "GET", path: "/v1/agents", rpc: `${agents}/ListAgents`, hoist: ["filter"] },
  { name: "agents.get", method: "GET", path: "/v1/agents/{id}", rpc: `${agents}/GetAgent`, params: id },
  {
    name: "agents.pause",
    method: "POST",
    path: "/v1/agents/{id}/pause",
    rpc: `${agents}/PauseAgent`,
    params: id,
  },
  {
    name: "agents.resume",
    method: "POST",
    path: "/v1/agents/{id}/resume",
    rpc: `${agents}/ResumeAgent`,
    params: id,
  },
  {
    name: "agents.quarantine",
    method: "POST",
    path: "/v1/agents/{id}/quarantine",
    rpc: `${agents}/QuarantineAgent`,
    params: id,
  },
  {
    name: "agents.release",
    method: "POST",
    path: "/v1/agents/{id}/release",
    rpc: `${agents}/ReleaseAgent`,
    params: id,
  },
  {
    name: "agents.drain",
    method: "POST",
    path: "/v1/agents/{id}/drain",
    rpc: `${agents}/DrainAgent`,
    params: id,
  },
  {
    name: "agents.sleep",
    method: "POST",
    path: "/v1/agents/{id}/sleep",
    rpc: `${agents}/SleepAgent`,
    params: id,
  },
  {
    name: "agents.wake",
    method: "POST",
    path: "/v1/agents/{id}/wake",
    rpc: `${agents}/WakeAgent`,
    params: id,
  },
  {
    name: "agents.remove",
    method: "DELETE",
    path: "/v1/agents/{id}",
    rpc: `${agents}/RemoveAgent`,
    params: id,
  },
  {
    name: "agents.watch",
    method: "GET",
    path: "/v1/watch/agents",
    rpc: `${agents}/WatchAgents`,
    hoist: ["filter"],
    stream: "events",
  },
  { name: "tasks.claim", method: "POST", path: "/v1/tasks/claim", rpc: `${polls}/ClaimTasks` },
  { name: "tasks.complete", method: "POST", path: "/v1/tasks/complete", rpc: `${polls}/CompleteTasks` },
  { name: "tasks.renew", method: "POST", path: "/v1/tasks/renew", rpc: `${polls}/RenewTasks` },
] as const satisfies readonly Route[];
