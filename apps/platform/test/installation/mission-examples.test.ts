/** The examples of missions on an installation, each with the agents that it plays itself and a worker for what it offers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { missionExampleNamed, missionExampleNames } from "../../../../examples/missions.ts";
import { Installation } from "./installation.ts";

const folder = new URL("../../../../examples/missions/", import.meta.url);

describe("examples of missions", () => {
  let installation: Installation;
  before(async () => {
    installation = await Installation.open();
  });
  after(() => installation[Symbol.asyncDispose]());

  for (const name of missionExampleNames())
    it(`${name}: comes out as its folder says`, async () => {
      const expected: unknown = JSON.parse(readFileSync(new URL(`${name}/outcome.json`, folder), "utf8"));
      const example = await missionExampleNamed(name);
      await using tutti = await connect({ address: installation.address, namespace: `example-${name}` });
      const { handle } = example;
      const worker = new Worker({
        ...{ address: installation.address, namespace: tutti.namespace, handleSignals: false },
      });
      if (handle !== undefined) {
        handle(worker);
        await worker.start();
      }
      try {
        assert.deepEqual(await example.play(tutti), expected);
      } finally {
        await worker.stop();
      }
    });
});
