import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { silentValues } from "../completeness.fixture.ts";
import { importN8n, NotImported } from "../index.ts";

const folder = new URL("../../../test/n8n/", import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, folder), "utf8");
const go = { name: "Go", type: "n8n-nodes-base.manualTrigger" };
const loop = { name: "Loop", type: "n8n-nodes-base.noOp" };
const to = (node: string) => ({ main: [[{ node, type: "main", index: 0 }]] });

describe("a workflow of n8n", () => {
  const files = readdirSync(folder);
  it("is here in at least ten files", () => assert.ok(files.length >= 10));

  for (const file of files)
    it(`in ${file} is translated or listed, value by value`, () => {
      // Versions of strict conditions differ in nothing. The last rule of this switch compares no texts.
      const harmless = /\.options\.version$|^nodes\.Switch\..*values\.2\.conditions\.options\.caseSensitive$/;
      const silent = silentValues(textOf(file), (text) => importN8n(text, file));
      assert.deepEqual(
        silent.filter((path) => !harmless.test(path)),
        [],
      );
    });

  it("lists constructs by their names", () => {
    const constructs = (file: string) =>
      importN8n(textOf(file)).untranslated.map(({ construct }) => construct);
    assert.deepEqual(constructs("switch.json").slice(-4), ["node Route", "id", "typeVersion", "position"]);
    assert.deepEqual(constructs("code.json").slice(-5, -3), ["n8n-nodes-base.code", "node Script value"]);
  });

  it("lists what current exports of the editor have without a counterpart, with the line", () => {
    const listed = (file: string) =>
      importN8n(textOf(file), file)
        .untranslated.filter(({ isBookkeeping }) => isBookkeeping !== true)
        .map(({ line, construct }) => `${line} ${construct}`);
    assert.deepEqual(listed("weekly-report.json"), [
      ...["24 $vars.shopHost", "30 $now", "34 $today", "42 n8n-nodes-base.httpRequest"],
      ...["53 n8n-nodes-base.splitOut", "114 trim", "120 toLowerCase", "126 slice"],
      ...["165 n8n-nodes-base.slack", "168 nodes.5.credentials", "235 active: false"],
    ]);
    assert.deepEqual(listed("contacts.json"), [
      ...["4 node Webhook", "29 n8n-nodes-base.httpRequest", "32 nodes.1.credentials", "83 toUpperCase"],
      ...["170 n8n-nodes-base.emailSend", "174 nodes.6.credentials", "187 n8n-nodes-base.code"],
      "273 active: false",
    ]);
    assert.deepEqual(listed("tickets.json"), [
      ...["20 n8n-nodes-base.zendesk", "23 nodes.1.credentials", "35 toLowerCase", "174 node Loose"],
      ...["188 $vars.agent", "289 connection of Loose", "298 active: false"],
    ]);
    assert.deepEqual(listed("stock.json"), [
      ...["20 n8n-nodes-base.shopify", "42 n8n-nodes-base.postgres", "48 combine", "84 node All pairs"],
      ...["100 toUpperCase", "198 active: false"],
    ]);
  });

  it("has a parameter for each variable of the instance", () => {
    const { documents } = importN8n(textOf("weekly-report.json"));
    const { parameters } = documents[0] as { parameters?: unknown };
    assert.deepEqual(parameters, {
      schema: { type: "object", required: ["shopHost"], properties: { shopHost: { type: "string" } } },
    });
  });

  it("passes the items of a loop to its nodes, and the returned items to the next nodes", () => {
    const { documents, untranslated } = importN8n(textOf("loop.json"));
    const tasks = (documents[0] as { tasks: Record<string, { forEach?: string; set?: string }> }).tasks;
    assert.deepEqual(
      [tasks["loop-over-items"]?.set, tasks["loop-over-items-done"]?.set, tasks["mail"]?.forEach],
      ['${{ tasks["readers"].output }}', '${{ tasks["pause"].output }}', 'tasks["loop-over-items"].output'],
    );
    assert.equal(tasks["report"]?.forEach, 'tasks["loop-over-items-done"].output');
    assert.ok(
      untranslated.some(({ line, construct }) => line === 14 && construct === "batches of Loop Over Items"),
    );
    assert.ok(!untranslated.some(({ reason }) => reason.includes("fails here")));
    // Items that never return: only the first batch would run.
    const open = textOf("loop.json").replace(
      '"Pause": { "main": [[{ "node": "Loop Over Items"',
      '"Pause": { "main": [[{ "node": "Report"',
    );
    assert.ok(importN8n(open).untranslated.some(({ reason }) => reason.includes("items return to it")));
  });

  it("has the nodes that n8n runs, and lists the others", () => {
    const { documents, untranslated } = importN8n(textOf("orders.json"));
    const tasks = (documents[0] as unknown as { tasks: Record<string, Record<string, unknown>> }).tasks;
    assert.deepEqual(Object.keys(tasks), [
      ...["orders", "large-ones", "largest-first", "route", "a", "other", "ask"],
    ]);
    // Two triggers, one of which has started the run.
    assert.equal(tasks["orders"]?.["forEach"], "[input]");
    const untranslatedNodes = untranslated.filter(({ construct }) => construct.startsWith("node "));
    assert.deepEqual(
      untranslatedNodes.map(({ construct }) => construct.slice(5)),
      ["Each day", "After errors", "Page", "Lost", "Forgotten", "Model"],
    );
    const [schedule] = documents.slice(1);
    assert.deepEqual(schedule, {
      ...{ schedule: "orders-each-day", workflow: "orders" },
      ...{ cron: "30 7 * * *", overlap: "allow", timeZone: "Europe/Berlin" },
    });
  });

  it("passes the matching items to each output of a switch, and all items to a sorting node", () => {
    const { documents } = importN8n(textOf("orders.json"));
    const tasks = (documents[0] as unknown as { tasks: Record<string, Record<string, unknown>> }).tasks;
    const sorted = 'tasks["largest-first"].output';
    const [isA, isB] = ['((item.kind == "a"))', '((item.kind == "b"))'];
    assert.deepEqual(tasks["route"]?.["set"], [
      `\${{ ${sorted}.filter(item, ${isA}) }}`,
      `\${{ ${sorted}.filter(item, !${isA} && ${isB}) }}`,
      `\${{ ${sorted}.filter(item, !${isA} && !${isB}) }}`,
    ]);
    assert.equal(tasks["other"]?.["set"], '${{ tasks["route"].output[2] }}');
    assert.deepEqual(tasks["largest-first"]?.["with"], {
      ...{ items: '${{ tasks["large-ones"].output }}', parameters: { by: "cents" } },
    });
    const computed = textOf("orders.json").replace('"by": "cents"', '"by": "={{ $json.by }}"');
    assert.ok(importN8n(computed).untranslated.some(({ construct }) => construct === "node Largest first"));
  });

  for (const [file, from, to] of [
    ["loop.json", '"options": {}', '"options": { "reset": true }'],
    ["waits.json", '"amount": "={{ $json.n }}"', '"dateTime": "2026-12-24"'],
  ] as const)
    it(`keeps the rest of ${file} if a node of it cannot be translated`, () => {
      const { documents, untranslated } = importN8n(textOf(file).replace(from, to));
      assert.equal(documents.length, 1);
      assert.equal(untranslated.filter(({ reason }) => reason.endsWith("The run fails here")).length, 1);
    });

  it("lists a name that is cut", () => {
    const text = `{"nodes": [${JSON.stringify(go)}], "connections": {},\n"name": "${"Tell the shop ".repeat(9)}"}`;
    assert.deepEqual(
      importN8n(text).untranslated.map(({ line, reason }) => `${line} ${reason}`),
      ["2 it is cut to 60 characters"],
    );
  });

  it("has its schedules", () => {
    const { documents } = importN8n(textOf("schedule.json"));
    assert.deepEqual(documents.slice(1), [
      { schedule: "hourly-report-every-two-hours", workflow: "hourly-report", every: "2h", overlap: "allow" },
      {
        schedule: "hourly-report-every-two-hours-2",
        workflow: "hourly-report",
        cron: "0 9 * * 1",
        overlap: "allow",
      },
    ]);
  });

  for (const [title, text] of [
    ["a circle", JSON.stringify({ nodes: [go, loop], connections: { Go: to("Loop"), Loop: to("Loop") } })],
    ["a connection of no node", JSON.stringify({ nodes: [go], connections: { Go: to("Nowhere") } })],
    ["two nodes of one name", JSON.stringify({ nodes: [go, go], connections: {} })],
    ["something else", "{}"],
    ["deep nesting", `{"nodes": ${"[".repeat(1_000)}`],
  ] as const)
    it(`with ${title} is refused`, () => {
      assert.throws(() => importN8n(text), NotImported);
    });
});
