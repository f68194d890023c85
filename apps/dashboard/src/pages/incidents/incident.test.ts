import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Incident } from "@tutti/rest/types";
import {
  alertText,
  canUndo,
  changeOf,
  countsOf,
  entryView,
  inOrder,
  matching,
  namespaceOfWork,
  repairText,
} from "./incident.ts";
import { incidentSearch, incidentsSearch } from "./search.ts";

const incident = (incidentId: string, more: Partial<Incident> = {}): Incident => ({
  ...{ incidentId, status: "open", severity: "error", startTimeMs: 0, ruleIds: [], alertIds: [], labels: [] },
  ...{ timeline: [], causes: [], failed: [], advice: [], repairs: [] },
  ...more,
});
const run = (id: string) => ({ kind: "run", id, namespace: "default" });

describe("the list of incidents", () => {
  it("sorts by state, then severity, then newest first, and sorts resolved incidents by time alone", () => {
    const sorted = inOrder([
      incident("old-and-over", { status: "resolved", severity: "critical", startTimeMs: 1 }),
      incident("over", { status: "resolved", severity: "error", startTimeMs: 2 }),
      incident("quiet", { status: "mitigated", severity: "critical", startTimeMs: 9 }),
      incident("early", { startTimeMs: 3 }),
      incident("late", { startTimeMs: 4 }),
      incident("worst", { severity: "critical", startTimeMs: 1 }),
    ]);
    assert.deepEqual(
      sorted.map(({ incidentId }) => incidentId),
      ["worst", "late", "early", "quiet", "over", "old-and-over"],
    );
  });

  it("is filtered by text in title, rule, label and owner, and by owner", () => {
    const all = [
      incident("i1", { title: "Bank is away", owner: "ada", labels: [{ name: "pool", value: "gpu" }] }),
      incident("i2", { ruleIds: ["runs-failed"] }),
    ];
    const found = (search: Parameters<typeof matching>[1], caller = "ada") =>
      matching(all, search, caller).map(({ incidentId }) => incidentId);
    assert.deepEqual(found({}), ["i1", "i2"]);
    assert.deepEqual(found({ text: "BANK pool=gpu" }), ["i1"]);
    assert.deepEqual(found({ text: "runs-f" }), ["i2"]);
    assert.deepEqual(found({ owner: "mine" }), ["i1"]);
    assert.deepEqual(found({ owner: "none" }), ["i2"]);
    assert.deepEqual(found({ owner: "mine" }, ""), []);
    assert.deepEqual(countsOf(all), [
      ["open", 2],
      ["mitigated", 0],
      ["resolved", 0],
    ]);
  });

  it("shows how many of all alerts are firing", () => {
    assert.equal(alertText(incident("a", { alerts: 12, firing: 3 })), "3 of 12 alerts firing");
    assert.equal(alertText(incident("a", { alerts: 1, firing: 1 })), "1 alert firing");
    assert.equal(alertText(incident("a", { alerts: 12 })), "12 alerts");
  });

  it("keeps valid parameters in the address, and drops the rest", () => {
    assert.deepEqual(incidentsSearch({ state: "open", owner: "none", text: "a", x: 1 }), {
      ...{ state: "open", owner: "none", text: "a" },
    });
    assert.deepEqual(incidentsSearch({ state: "odd", owner: "ada", text: "" }), {});
    assert.deepEqual(incidentSearch({ of: "system" }), { of: "system" });
    assert.deepEqual(incidentSearch({ of: 7 }), {});
  });
});

describe("an incident", () => {
  it("describes each entry of its timeline in words", () => {
    const textOf = (kind: Parameters<typeof entryView>[0]["kind"], count = 0) => {
      const { text, detail } = entryView({ kind, ruleId: "slow", count, text: "so" });
      return detail === "" ? text : `${text}: ${detail}`;
    };
    assert.deepEqual(
      [textOf("opened"), textOf("joined", 3), textOf("ended", 1), textOf("mitigated"), textOf("reopened")],
      [
        ...["Opened by slow: so", "3 alerts of slow joined: so", "1 alert of slow ended: so"],
        ...["All alerts ended: so", "Reopened by slow: so"],
      ],
    );
    assert.deepEqual(
      [textOf("resolved"), textOf("owned"), textOf("note"), textOf("post_mortem")],
      ["Resolved: so", "Owner: so", "Note: so", "Post-mortem written"],
    );
  });

  it("has an undo, except if runs are resumed", () => {
    const kinds = [
      ...(["retry", "fix", "move", "pause_agent", "quarantine_agent", "pause_pool"] as const),
      "scale",
    ] as const;
    assert.deepEqual(
      kinds.filter((kind) => !canUndo({ kind })),
      ["retry", "fix"],
    );
    assert.equal(new Set(kinds.map((kind) => repairText({ kind }))).size, kinds.length);
  });

  it("reads the number of agents of a scaling, and the changed fields of a fix", () => {
    const typed = { agents: "", patch: "", taskId: "charge" };
    const scale = (agents: string) => changeOf("scale", { ...typed, agents });
    assert.deepEqual([scale("").isWhole, scale("").body], [true, {}]);
    assert.deepEqual([scale(" 10 ").body, scale(" 10 ").args], [{ agents: 10 }, ["--min", "10"]]);
    for (const wrong of ["0", "-1", "1.5", "many"]) assert.equal(scale(wrong).isWhole, false, wrong);
    const fix = (patch: string) => changeOf("fix", { ...typed, patch });
    assert.deepEqual([fix("").isWhole, fix("").problem], [false, undefined]);
    assert.match(fix("{currency}").problem ?? "", /^Invalid JSON/);
    const { body, args } = fix('{"currency": "EUR"}');
    assert.deepEqual(body, { taskId: "charge", patch: { currency: "EUR" } });
    assert.deepEqual(args, ['{"currency":"EUR"}', "--task", "charge"]);
  });

  it("knows in which namespace its work failed", () => {
    assert.equal(namespaceOfWork(incident("i1", { namespace: "system", failed: [run("a")] })), "default");
    assert.equal(namespaceOfWork(incident("i1", { namespace: "shop" })), "shop");
  });
});
