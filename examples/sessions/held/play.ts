/** The same handle in every mode: pause, resume, explain and end a session. */
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";

export function handle(worker: Worker): void {
  // Runs until the attempt is cancelled.
  worker.handle(
    "choir.sing",
    (_, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
  );
}

export async function play(tutti: Tutti): Promise<unknown> {
  const session = await tutti.run({
    id: "held",
    tasks: [{ id: "sing", uses: "choir.sing" }],
    mode: "workflow",
  });
  await session.pause("the choir is not here");
  const { state } = await session.get();
  await session.resume("it is");
  const explanation = await session.why("sing");
  await session.cancel("it left again");
  const error = await session.result().catch((thrown: { readonly code?: string }) => thrown.code);
  return { held: state === "paused", explained: explanation.summary !== "", error };
}
