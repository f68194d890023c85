import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Series } from "@tutti/contracts/insight/v1";
import { toTimestamp } from "@tutti/kernel";
import { compileRule } from "@tutti/machine-alert/evaluation";
import { builtInRules } from "./built-in-rules.ts";

const guide = (name: string) =>
  readFileSync(new URL(`../../../../../docs/guides/${name}.md`, import.meta.url), "utf8");
const page = guide("runbooks");

const atMs = 1_700_000_000_000;

function found(
  ruleId: string,
  values: Readonly<Record<string, number>>,
  labels: Record<string, string> = {},
) {
  const rule = builtInRules([], "").find((each) => each.ruleId === ruleId) ?? assert.fail(ruleId);
  const compiled = compileRule(rule);
  assert.ok(compiled.ok, JSON.stringify(compiled));
  const series = Object.entries(values).map(([queryId, value]) =>
    Series.fromPartial({
      queryId,
      labels,
      stepMs: 10_000,
      startTime: toTimestamp(atMs - 10_000),
      values: [value],
    }),
  );
  return compiled.program.evaluate(series, atMs).found;
}

describe("built-in rules", () => {
  it("each has a section in the page of runbooks, and links to it", () => {
    const rules = builtInRules([], "", "https://tutti.example.com/");
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    assert.deepEqual(rules.map(({ ruleId }) => ruleId).toSorted(), sections.toSorted());
    assert.match(guide("alerts"), new RegExp(` ${rules.length} built-in rules`));
    for (const { ruleId, advice } of rules)
      assert.ok(advice.endsWith(` Runbook: https://tutti.example.com/docs/guides/runbooks.html#${ruleId}`));
    const [first] = builtInRules([], "");
    assert.match(first?.advice ?? "", / Runbook: \/docs\/guides\/runbooks\.html#/);
  });

  it("compile", () => {
    for (const rule of builtInRules([], "")) assert.ok(compileRule(rule).ok, rule.ruleId);
  });

  it("runs-fail counts five failures although their recorded rate is rounded down", () => {
    assert.deepEqual(
      found("runs-fail", { failed: 4.998, ended: 9.997 }).map(({ title }) => title),
      ["Runs fail: 5 of 10 in 5 minutes"],
    );
    assert.deepEqual(found("runs-fail", { failed: 4.002, ended: 9.997 }), []);
  });

  it("count whole things: a window that starts within a step has 32.8 runs", () => {
    const titles = [
      found("runs-fail", { failed: 13.2, ended: 32.8 }),
      found("process-down", { expired: 1.3 }),
      found("events-dead", { abandoned: 2.8 }, { subscription: "mail" }),
    ].map(([alert]) => alert?.title);
    assert.deepEqual(titles, [
      "Runs fail: 13 of 33 in 5 minutes",
      "1 instances of services stopped without a shutdown",
      "3 events of `mail` were dropped after their last delivery",
    ]);
  });

  it("heap-exhausted reports the share of time in garbage collection", () => {
    const [alert] = found("heap-exhausted", { paused: 0.618 }, { process: "workflow 1" });
    assert.equal(alert?.title, "workflow 1 collects garbage for 62 % of its time");
    assert.deepEqual(found("heap-exhausted", { paused: 0.1 }), []);
  });

  it("notifications-dead names the namespace of the dead letters in its title and command", () => {
    const [alert] = found("notifications-dead", { dead: 2.8 }, { namespace: "shop" });
    assert.equal(alert?.title, "Alert notifications of namespace shop are dead letters: 3");
    assert.match(alert?.advice ?? "", /`tutti alert retry -n shop`/);
  });
});
