/** The examples of missions and sessions on an installation, each with its own agents, and a worker for other tasks. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { missionService, StartMissionRequest } from "@tutti/contracts/swarm/v1";
import { jsonPayload } from "@tutti/kernel";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { type PlayKind, perform, playNamed, playNames } from "../../../../examples/plays.ts";
import { Installation } from "./installation.ts";

const folder = new URL("../../../../examples/", import.meta.url);
const kinds: readonly PlayKind[] = ["missions", "sessions"];

/** Handlers for tasks that the example's own agents claim. */
const claimed: Readonly<Record<string, (worker: Worker) => void>> = {
  "task-board": (worker) => {
    worker.handle("text.write", ({ about }: { readonly about: string }) => `about ${about}`);
    worker.handle("picture.draw", ({ of }: { readonly of: string }) => `a picture of ${of}`);
  },
};

/** Default inputs of the definitions' forms, and the resulting outputs. */
const formed: Readonly<Record<string, { readonly input: object; readonly output: unknown }>> = {
  "map-reduce": { input: { first: "row row row", second: "your boat" }, output: 5 },
  "task-board": { input: { about: "violins" }, output: "about violins" },
  "every-mode": { input: { first: "play", second: "together" }, output: "PLAY TOGETHER" },
  report: { input: { from: 1, to: 2 }, output: 30 },
};

for (const kind of kinds)
  describe(`examples of ${kind}`, () => {
    let installation: Installation;
    before(async () => {
      installation = await Installation.open([], { time: "real" });
    });
    after(() => installation?.[Symbol.asyncDispose]());

    for (const name of playNames(kind))
      it(`${name}: has the outcome that its folder declares`, async () => {
        const outcome = readFileSync(new URL(`${kind}/${name}/outcome.json`, folder), "utf8");
        const expected: unknown = JSON.parse(outcome);
        const example = await playNamed(kind, name);
        await using tutti = await installation.client({ namespace: `example-${name}` });
        const worker = installation.worker({ namespace: tutti.namespace });
        assert.deepEqual(await perform(example, { worker, tutti, url: "" }), expected);
      });

    for (const name of playNames(kind)) {
      const file = new URL(`${kind}/${name}/workflow.yaml`, folder);
      if (!existsSync(file)) continue;
      it(`${name}: its definition has the output of the template`, async () => {
        const { input, output } = formed[name] ?? assert.fail(`expected an input of ${name}`);
        const { handle = claimed[name] } = await playNamed(kind, name);
        await using tutti = await installation.client({ namespace: `template-${name}` });
        const { namespace } = tutti;
        const worker = installation.worker({ namespace });
        handle?.(worker);
        await worker.start();
        try {
          const text = readFileSync(file, "utf8");
          const definition = /^workflow: (\S+)$/m.exec(text)?.[1] ?? "";
          await tutti.workflows.register(text);
          assert.deepEqual(await (await started(definition, input, tutti)).result(), output);
        } finally {
          await worker.stop();
        }
      });
    }

    async function started(definition: string, input: object, tutti: Tutti) {
      if (kind === "sessions") return tutti.run({ definition, input, mode: "adaptive" });
      const use = { definition: { name: definition }, input: jsonPayload(input) };
      const { mission } = await installation.host.mesh.client(missionService).startMission(
        StartMissionRequest.fromPartial({
          namespace: tutti.namespace,
          what: { $case: "definition", value: use },
        }),
      );
      return tutti.missions.get(mission?.missionId ?? "");
    }
  });
