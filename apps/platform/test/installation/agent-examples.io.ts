/** The examples of agents on an installation, with the scripted model on a local port. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { perform, playNamed, playNames } from "../../../../examples/plays.ts";
import { Installation } from "./installation.ts";

const folder = new URL("../../../../examples/agents/", import.meta.url);

describe("examples of agents", () => {
  let installation: Installation;
  before(async () => {
    installation = await Installation.open([], { time: "real" });
  });
  after(() => installation?.[Symbol.asyncDispose]());

  for (const name of playNames("agents"))
    it(`${name}: has the outcome in its folder`, async () => {
      const expected: unknown = JSON.parse(readFileSync(new URL(`${name}/outcome.json`, folder), "utf8"));
      const namespace = `example-${name}`;
      await using tutti = await installation.client({ namespace });
      const stage = {
        worker: installation.worker({ namespace, server: installation.url }),
        tutti,
        url: installation.url,
      };
      assert.deepEqual(await perform(await playNamed("agents", name), stage), expected);
    });
});
