import assert from "node:assert/strict";
import { it } from "node:test";
import { readAll } from "./pages.ts";

it("a list of three pages is read to its end", async () => {
  const pages: Readonly<Record<string, { names: string[]; nextToken?: string }>> = {
    "": { names: ["a", "b"], nextToken: "two" },
    two: { names: ["c"], nextToken: "three" },
    three: { names: ["d"], nextToken: "" },
  };
  const requests: (string | undefined)[] = [];
  const found = await readAll(
    async ({ size, token = "" }) => {
      assert.equal(size, 500);
      requests.push(token);
      return pages[token] ?? assert.fail(`no page ${token}`);
    },
    ({ names }) => names,
  );
  assert.deepEqual(found, ["a", "b", "c", "d"]);
  assert.deepEqual(requests, ["", "two", "three"]);
});
