import assert from "node:assert/strict";
import { it } from "node:test";
import { workOfUsers } from "./facts.ts";
import { shop } from "./work.fixture.ts";

it("work of users has no reports, repairs and smoke tests, and has the agents of users", () => {
  const { works, attempts } = shop(1, { orders: 3 });
  const [report, agent, order] = works.map(({ id }) => id);
  const uses: Record<string, string> = { [report ?? ""]: "tutti.report", [agent ?? ""]: "tutti.agent" };
  const marked = attempts.map((each) => ({ ...each, uses: uses[each.workId] ?? each.uses }));
  const own = workOfUsers(works, marked);
  assert.deepEqual(
    own.works.map(({ id }) => id),
    [agent, order],
  );
  assert.deepEqual(new Set(own.attempts.map(({ workId }) => workId)), new Set([agent, order]));
});
