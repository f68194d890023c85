/** Everything that lets nobody in, at every rpc and every route: `access.test.ts` has each rpc and route with one of them. */
import { after, before, describe, it } from "node:test";
import { KeyedPlatform, wrongCredentials } from "./support/keyed-platform.ts";
import { assertRefused, everything } from "./support/refused-everywhere.ts";

describe("the platform with keys, asked everywhere", () => {
  let platform: KeyedPlatform;

  before(async () => {
    platform = await KeyedPlatform.start();
  });
  after(() => platform?.[Symbol.asyncDispose]());

  for (const [title, make] of Object.entries(wrongCredentials))
    it(`refuses ${title}`, async () => {
      const shown = await make(platform);
      await assertRefused(platform, { shown, isGuess: title === "something else" }, everything);
    });
});
