import { fileURLToPath } from "node:url";
import { alternate, type Contestant } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import { startConversation } from "../../processes/conversation.ts";
import type { Scenario } from "../../scenario.ts";
import { TaskHost } from "./task-host.ts";

/** How many tasks are at work at once. */
const slotCounts = [1, 64, 256];
const program = fileURLToPath(new URL("agent-process.ts", import.meta.url));

interface Figures {
  readonly [figure: string]: number;
  readonly tasksPerSec: number;
  /** Of the whole process of the agent. */
  readonly cpuUs: number;
}

/** What a worker of the library costs, beside an agent that reads by hand, calls nobody and gives back what it got. */
export const worker: Scenario = {
  name: "worker",
  about: "tasks through a worker of the library, beside an agent without handlers: the worker's own time",
  async *run(budget) {
    for (const slots of slotCounts) {
      await using ours = await openAgent("worker", slots);
      await using echo = await openAgent("echo", slots);
      const figures = await alternate([ours, echo], budget);
      const { tasksPerSec = 0, cpuUs = 0 } = figures.get("worker") ?? {};
      const { tasksPerSec: ceilingTasksPerSec = 0, cpuUs: ceilingCpuUs = 0 } = figures.get("echo") ?? {};
      yield {
        variant: "worker",
        slots,
        tasksPerSec: rounded(tasksPerSec),
        cpuUsPerTask: rounded(cpuUs),
        ceilingTasksPerSec: rounded(ceilingTasksPerSec),
        ceilingCpuUsPerTask: rounded(ceilingCpuUs),
        ratio: rounded(cpuUs / ceilingCpuUs),
      };
    }
  },
};

/** An agent in a process of its own, and a host for it alone, which gives tasks only while it is measured. */
async function openAgent(
  kind: "worker" | "echo",
  slots: number,
): Promise<Contestant<Figures> & AsyncDisposable> {
  const host = await TaskHost.open();
  const agent = await startConversation<object, { readonly cpuUs: number }, object>([
    program,
    host.address,
    kind,
    String(slots),
  ]);
  return {
    name: kind,
    async measure(seconds) {
      host.go();
      const [{ cpuUs: before }, doneBefore] = [await agent.ask({}), host.done];
      const sinceMs = performance.now();
      await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
      const tasks = host.done - doneBefore;
      const { cpuUs } = await agent.ask({});
      host.rest();
      return {
        tasksPerSec: (tasks / (performance.now() - sinceMs)) * 1_000,
        cpuUs: (cpuUs - before) / tasks,
      };
    },
    [Symbol.asyncDispose]: async () => {
      host[Symbol.dispose]();
      await agent[Symbol.asyncDispose]();
    },
  };
}
