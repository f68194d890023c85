/** The examples of missions and sessions on an installation, each with the agents that it plays itself and a worker for what it offers. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type PlayKind, perform, playNamed, playNames } from "../../../../examples/plays.ts";
import { Installation } from "./installation.ts";

const folder = new URL("../../../../examples/", import.meta.url);
const kinds: readonly PlayKind[] = ["missions", "sessions"];

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
  });
