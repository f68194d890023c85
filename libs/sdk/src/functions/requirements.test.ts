import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FunctionContext } from "./context.ts";
import { programs } from "./requirement-functions.fixture.ts";
import {
  attemptsByDefault,
  differences,
  play,
  type Requirement,
  requirements,
} from "./requirements.fixture.ts";

const all = requirements();

/** @param isHot whether one worker makes all turns. Otherwise another one replays the code for each. */
async function differencesOf(requirement: Requirement, isHot: boolean): Promise<readonly string[]> {
  const found = differences(requirement, await play(requirement, isHot), isHot);
  const { attempts } = requirement.defaults ?? {};
  const isDefault = attempts === undefined || attempts === (await attemptsByDefault());
  return isDefault ? found : [...found, "attempts by default"];
}

describe("a requirement of durable execution", () => {
  for (const requirement of all.filter(({ verdict }) => verdict !== "does not apply"))
    for (const isHot of [true, false]) {
      const { id, title, verdict, differs = "" } = requirement;
      it(`${id}, ${title}: ${verdict}, ${isHot ? "by one worker" : "by a worker per turn"}`, async () => {
        const found = await differencesOf(requirement, isHot);
        if (verdict === "holds") assert.deepEqual(found, []);
        else
          assert.ok(
            found.some((each) => each.startsWith(differs)),
            `its reason is out of date: ${differs} is as expected`,
          );
      });
    }
});

describe("the table of requirements", () => {
  it("has every requirement of every group once", () => {
    const sizes = {
      step: [1, 20],
      wait: [2, 5],
      callback: [4, 19],
      child: [3, 18],
      parallel: [8, 22],
    } as const;
    const ids = Object.entries(sizes).flatMap(([group, [number, count]]) =>
      Array.from({ length: count }, (_, index) => `${group} ${number}-${index + 1}`),
    );
    assert.deepEqual(
      all.map(({ group, id }) => `${group} ${id}`),
      ids,
    );
    assert.equal(ids.length, 84);
  });

  it("has a function for each applicable requirement, and a reason for each that does not hold", () => {
    const playable = all.filter(({ verdict }) => verdict !== "does not apply").map(({ id }) => id);
    assert.deepEqual([...programs.keys()].sort(), playable.toSorted());
    for (const { id, verdict, reason = "", differs = "" } of all) {
      assert.equal(reason === "", verdict === "holds", id);
      assert.equal(differs === "", verdict !== "does not hold", id);
    }
  });

  it("gives true reasons: `ctx.all` takes steps and no options", () => {
    assert.equal(FunctionContext.prototype.all.length, 1);
  });

  it("has the counts and reasons of the guide", () => {
    const guide = readFileSync(new URL("../../../../docs/guides/functions.md", import.meta.url), "utf8");
    const count = (group: string, verdict: string) =>
      all.filter((each) => (group === "all" || each.group === group) && each.verdict === verdict).length;
    for (const group of ["step", "wait", "callback", "child", "parallel", "all"]) {
      const size = group === "all" ? all.length : all.filter((each) => each.group === group).length;
      const counts = ["holds", "does not hold", "does not apply"].map((verdict) => count(group, verdict));
      const row = `| ${[group, size, ...counts].join(" | ")} |`;
      assert.ok(guide.includes(row), `the guide has ${row}`);
    }
    const typescriptOnly = all.filter((each) => each.typescriptOnly !== undefined).map(({ id }) => id);
    assert.ok(guide.includes(`Only TypeScript plays ${typescriptOnly.join(" and ")}: `));
    const reasons = new Map<string, string[]>();
    for (const { id, reason = "" } of all) reasons.set(reason, [...(reasons.get(reason) ?? []), id]);
    reasons.delete("");
    for (const [reason, ids] of reasons) {
      const row = `| ${ids.join(", ")} | ${reason} |`;
      assert.ok(guide.includes(row), `the guide has ${row}`);
    }
  });
});
