/** The examples on an installation with workers for all their tasks, and their histories for the machine. */
import { readdirSync, readFileSync } from "node:fs";
import { RunStartedV1 } from "@tutti/contracts/workflow/v1";
import { checkText } from "@tutti/definitions";
import type { RecordedEvent } from "@tutti/kernel/testing";
import { RunPlan, runMachine } from "@tutti/machine-run";
import type { Tutti } from "@tutti/sdk/client";
import { type Example, exampleNamed, exampleNames, startCrew } from "../../../../examples/examples.ts";
import { Installation } from "./installation.ts";

export const examplesFolder = new URL("../../../../examples/workflows/", import.meta.url);

export class ExampleStage implements AsyncDisposable {
  readonly examples: readonly Example[];
  readonly #tutti: Tutti;
  readonly #stop: () => Promise<void>;

  static async open(): Promise<ExampleStage> {
    const installation = await Installation.open([], { time: "real" });
    const shared = installation.worker({ slots: 32 });
    const workers = [shared];
    const examples = await Promise.all(exampleNames().map(exampleNamed));
    for (const { handle } of examples) handle(shared);
    await shared.start();
    const tutti = await installation.client();
    for (const example of examples)
      workers.push(...(await startCrew(example, tutti, (options) => installation.worker(options))));
    return new ExampleStage(examples, tutti, async () => {
      await tutti.close();
      for (const worker of workers) await worker.stop();
      await installation[Symbol.asyncDispose]();
    });
  }

  private constructor(examples: readonly Example[], tutti: Tutti, stop: () => Promise<void>) {
    this.examples = examples;
    this.#tutti = tutti;
    this.#stop = stop;
  }

  play(name: string): Promise<unknown> {
    return this.#named(name).play(this.#tutti);
  }

  runsOf(name: string): readonly string[] {
    return this.#named(name).runs;
  }

  async history(runId: string): Promise<readonly RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    // No machine folds the runtime's own events, such as replies under a key.
    for await (const { type, version, payload } of this.#tutti.runs.get(runId).history())
      if (!type.startsWith("runtime.")) events.push({ type, version, payload: new Uint8Array(payload) });
    return events;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stop();
  }

  #named(name: string): Example {
    const found = this.examples.find((example) => example.name === name);
    if (found === undefined) throw new Error(`expected an example, got none named ${name}`);
    return found;
  }
}

/** Returns the machine of runs, with the plan of the example's definition for the run of a history. */
export function machineFor(example: string, [first]: readonly RecordedEvent[]) {
  const { order } = RunStartedV1.decode(first?.payload ?? new Uint8Array(0));
  const parameters = order?.parameters.length
    ? JSON.parse(Buffer.from(order.parameters).toString())
    : undefined;
  const folder = new URL(`${example}/`, examplesFolder);
  const plans = readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((fileName) => {
      const text = readFileSync(new URL(fileName, folder), "utf8");
      const options = parameters === undefined ? {} : { parameters };
      const { definition } = checkText({ format: "yaml", text, fileName }, options);
      return definition?.plan === undefined ? [] : [new RunPlan(definition.plan, definition.hash)];
    });
  return runMachine({
    plans: {
      plan(hash) {
        const found = plans.find((plan) => plan.hash === hash);
        if (found !== undefined) return found;
        throw new Error(
          `${example}: its definition has changed since its history was recorded. Run npm run examples:record`,
        );
      },
    },
  });
}

/** Returns each event type with its count, independent of durations. */
export function tallyOf(events: readonly { readonly type: string }[]): Readonly<Record<string, number>> {
  const tally: Record<string, number> = {};
  // Skips starts of attempts, which are only reported if an attempt takes longer than a moment.
  for (const { type } of events.toSorted((a, b) => (a.type < b.type ? -1 : 1)))
    if (type !== "attempt_started") tally[type] = (tally[type] ?? 0) + 1;
  return tally;
}
