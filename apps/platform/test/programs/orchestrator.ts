/** An orchestrator in a process of its own, which says each question that it was asked: `orchestrator.ts ADDRESS`. */
import { type Decision, type Question, SessionOrchestrator } from "@tutti/sdk";

class Eager extends SessionOrchestrator {
  protected override async decide({ number, tasks }: Question): Promise<Decision> {
    process.stdout.write(`asked ${number}\n`);
    // Long enough to be killed while it is at it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    return { begin: tasks.filter(({ isReady }) => isReady).map(({ id }) => id), reason: "whatever is ready" };
  }
}

const [, , address = ""] = process.argv;
await new Eager("test.eager", { address, agentId: "eager" }).start();
process.stdout.write("linked\n");
