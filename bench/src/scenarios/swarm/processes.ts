/** The processes of this scenario: the swarm service, and the agents. */
import { fileURLToPath } from "node:url";
import { type Conversation, startConversation } from "../../processes/conversation.ts";
import type { AgentsAnswer, AgentsQuestion, HostAnswer } from "./swarm-messages.ts";

const agentsPerProcess = 2_500;
const roomForAll = [
  "--swarm.pool.window=100000",
  "--swarm.pool.queuedMax=1200000",
  "--swarm.links.leaseMs=300000",
];

const hostProgram = fileURLToPath(new URL("swarm-process.ts", import.meta.url));
const agentsProgram = fileURLToPath(new URL("agents-process.ts", import.meta.url));

type Host = Conversation<object, HostAnswer> & {
  readonly greeting: { readonly address: string };
};
type Agents = Conversation<AgentsQuestion, AgentsAnswer>;

export function startHost(): Promise<Host> {
  return startConversation([hostProgram, ...roomForAll]);
}

/** Starts agents in as few processes as possible. A request goes to all processes. */
export async function startAgents(address: string, count: number): Promise<Agents & AsyncDisposable> {
  const processes: Agents[] = [];
  for (let started = 0; started < count; started += agentsPerProcess) {
    const some = Math.min(agentsPerProcess, count - started);
    processes.push(await startConversation([agentsProgram, address, String(some), String(started)]));
  }
  return {
    pid: processes[0]?.pid ?? 0,
    async request(question) {
      const answers = await Promise.all(processes.map((each) => each.request(question)));
      // Each process has a share of the agents. The maximum of their quantiles is at least the quantile of all.
      const greatest = (of: (answer: AgentsAnswer) => number) => Math.max(...answers.map(of));
      return { p50Ms: greatest(({ p50Ms = 0 }) => p50Ms), p99Ms: greatest(({ p99Ms = 0 }) => p99Ms) };
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(processes.map((each) => each[Symbol.asyncDispose]()));
    },
  };
}
