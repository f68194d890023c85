import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { routes } from "@tutti/rest";
import { Front } from "./front.ts";
import { fuzz, settle } from "./fuzzing.ts";

describe("every route, with thousands of requests drawn from the description", () => {
  for (const seed of [20_270_131, 7, 1_234_567]) {
    it(`is answered as described or refused in words, never by a failure (seed ${seed})`, async () => {
      // Each seed starts from the initial state, without the changes of other seeds.
      await using front = await Front.open();
      await settle(front);
      const { statuses, answeredWell } = await fuzz(front, { seed, requests: 30 * routes.length });
      assert.ok((statuses.get(200) ?? 0) > 300, [...statuses].join(" "));
      const never = routes.map(({ name }) => name).filter((name) => !answeredWell.has(name));
      assert.ok(never.length < routes.length / 2, `never answered well: ${never.join(" ")}`);
    });
  }
});
