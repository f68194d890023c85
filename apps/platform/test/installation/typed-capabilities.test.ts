import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GetCapabilityMapRequest, registryService } from "@tutti/contracts/registry/v1";
import { TuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import {
  capability,
  input,
  outputOf,
  type StandardSchema,
  type Tutti,
  uses,
  type Worker,
  workflow,
} from "@tutti/sdk";
import { z } from "zod";
import { Installation } from "./installation.ts";

const charge = capability("pay.charge", {
  input: z.object({ cents: z.number().int().positive(), currency: z.string().default("CHF") }),
  output: z.object({ payment: z.string() }),
  version: "2.1.0",
  description: "Charges a card.",
});

/** A schema like that of a library without JSON Schema: asynchronous, with objects in its paths. */
const even: StandardSchema<number, number> = {
  "~standard": {
    version: 1,
    vendor: "of the test",
    validate: async (value) =>
      Number(value) % 2 === 0
        ? { value: Number(value) / 2 }
        : { issues: [{ message: "Expected an even number", path: [{ key: "n" }, 0] }] },
  },
};
const halve = capability("math.halve", { input: even });

describe("typed capabilities", () => {
  let installation: Installation;
  let tutti: Tutti;
  let worker: Worker;
  before(async () => {
    installation = await Installation.open();
    tutti = await installation.client();
    worker = installation.worker({ agentId: "anna" });
    worker.handle(charge, ({ cents, currency }) => ({
      // Violates the schema for one amount.
      payment: (cents === 13 ? cents : `${currency} ${cents}`) as string,
    }));
    worker.handle(halve, (half) => half);
    await worker.start();
    await tutti.workflows.register(
      workflow("paying", {
        tasks: { charge: uses(charge, { with: { cents: input<{ cents: number }>().cents } }) },
        output: outputOf("charge", charge).payment,
      }),
    );
    await tutti.workflows.register(
      workflow("halving", {
        tasks: { half: uses(halve, { with: input<number>() }) },
        output: outputOf("half"),
      }),
    );
  });
  after(async () => {
    await worker?.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const failureOf = async (definition: string, input: unknown): Promise<TuttiError> => {
    const run = await tutti.run(definition, { input });
    const error = await run.result().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof TuttiError, String(error));
    const [task] = await run.tasks();
    assert.equal(task?.attempts.length, 1);
    return error;
  };

  it("the handler gets the validated input, with defaults, and the run its output", async () => {
    assert.equal(await tutti.execute("paying", { input: { cents: 5 } }), "CHF 5");
    assert.equal(await tutti.execute("halving", { input: 8 }), 4);
  });

  it("an input that does not match its schema fails the task after one attempt, and the error names the field", async () => {
    const { message } = await failureOf("paying", { cents: -5 });
    assert.match(message, /The input of `pay.charge` does not fit its schema: `cents`: Too small/);
    assert.match((await failureOf("halving", 3)).message, /schema: `n.0`: Expected an even number/);
  });

  it("an output that does not match its schema fails the task", async () => {
    const { message } = await failureOf("paying", { cents: 13 });
    assert.match(message, /The output of `pay.charge` does not fit its schema: `payment`: Invalid input/);
  });

  it("the schemas are listed with the capability, if the library exports them", async () => {
    const request = GetCapabilityMapRequest.fromPartial({ namespace: "default" });
    const { capabilities } = await until(
      "the capabilities to be listed",
      () => installation.host.mesh.client(registryService).getCapabilityMap(request),
      (found) => found.capabilities.length === 2,
    );
    const schemas = capabilities.map(({ name, versions: [first] }) => {
      const { version, inputSchema, outputSchema } = first?.capability ?? {};
      const read = (text: string | undefined) => JSON.parse(text || "{}").properties;
      return [name, version, Object.keys(read(inputSchema) ?? {}), Object.keys(read(outputSchema) ?? {})];
    });
    assert.deepEqual(schemas, [
      ["math.halve", "1.0.0", [], []],
      ["pay.charge", "2.1.0", ["cents", "currency"], ["payment"]],
    ]);
  });

  it("code that violates the schemas does not compile", () => {
    // @ts-expect-error: `cents` is a number
    uses(charge, { with: { cents: true } });
    // @ts-expect-error: `with` is missing
    uses(charge);
    // @ts-expect-error: the output has no such field
    outputOf("charge", charge).receipt;
    // @ts-expect-error: a payment is a text
    installation.worker({ agentId: "bert" }).handle(charge, () => ({ payment: 1 }));
    assert.deepEqual(uses(halve, { with: 4, needs: [] }), { uses: "math.halve", with: 4, needs: [] });
    assert.deepEqual(uses(capability("free.form")), { uses: "free.form" });
  });
});
