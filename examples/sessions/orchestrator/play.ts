/** A custom orchestrator in its own process: it decides which tasks start, within shared limits. */
import { type Decision, type Question, SessionOrchestrator, type Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

/** Starts tasks that tune strings one after the other, by name. Gives all other tasks to a swarm. */
class Conductor extends SessionOrchestrator {
  protected override decide({ tasks }: Question): Decision {
    const strings = tasks.filter(({ uses }) => uses === "string.tune");
    const isOneTuned = strings.some(({ hasStarted, endMs }) => hasStarted && endMs === 0);
    const waiting = strings.filter(({ isReady }) => isReady).map(({ id }) => id);
    const [next] = isOneTuned ? [] : waiting.sort();
    const shared = tasks.filter(({ isReady, uses }) => isReady && uses === "stage.set").map(({ id }) => id);
    return {
      start: next === undefined ? [] : [next],
      move: shared.length === 0 ? [] : [{ tasks: shared, to: "swarm", reason: "anybody can" }],
      reason: next === undefined ? "one at a time" : `${next} is next`,
    };
  }
}

const tuned: string[] = [];
let address: readonly string[] = [];

export function handle(worker: Worker): void {
  address = worker.settings.addresses;
  worker.handle("string.tune", ({ name }: { readonly name: string }) => {
    tuned.push(name);
    return `${name} is in tune`;
  });
  worker.handle("stage.set", ({ what }: { readonly what: string }) => `${what} there`);
}

export async function play(tutti: Tutti): Promise<unknown> {
  await using conductor = new Conductor("stage.conductor", { namespace: tutti.namespace, address });
  await conductor.start();
  const tasks = [
    ...["viola", "cello", "violin"].map((name) => ({ id: name, uses: "string.tune", with: { name } })),
    { id: "chairs", uses: "stage.set", with: { what: "chairs" } },
    { id: "check", uses: "stage.set", needs: ["viola", "cello", "violin"], with: { what: "everybody" } },
  ];
  const session = await tutti.run({ tasks, mode: { orchestrator: "stage.conductor" } });
  const result = await session.result();
  const { parts } = await session.get();
  const shared = parts.filter(({ reason }) => reason === "anybody can").map(({ taskIds }) => taskIds);
  const nobody = await tutti
    .run({ tasks, mode: { orchestrator: "stage.ghost" } })
    .catch((thrown: { readonly code?: string }) => thrown.code);
  return { result, tuned, shared, nobody };
}
