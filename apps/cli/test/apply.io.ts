import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { commandAtWork } from "./support/at-work.ts";

const shop = `# All that the shop runs.
schedule: nightly
workflow: report@latest
input: {day: 1}
cron: "0 3 * * *"
timeZone: Europe/Zurich
overlap: queueOne
labels: {team: shop, of: night}
---
workflow: report
tasks:
  one: {uses: test.echo, with: "\${{ input }}"}
---
workflow: second
tasks: {one: {uses: test.echo}}
`;

describe("apply", () => {
  const at = commandAtWork({});
  const { tutti, printed, json } = at;
  const write = (name: string, text: string) => writeFileSync(join(at.command.folder, "shop", name), text);
  const outcomes = async (line: string): Promise<string[]> =>
    (await printed(`${line} -q`)).trim().split("\n");

  it("creates, updates or keeps the resources of files, and reports each outcome", async () => {
    mkdirSync(join(at.command.folder, "shop"));
    write("all.yaml", shop);
    const created = ["workflow/report created", "workflow/second created", "schedule/nightly created"];
    const preview = await tutti("apply shop/all.yaml --dry-run");
    assert.match(preview.output, /shop\/all\.yaml +schedule +nightly +created/);
    assert.match(preview.errors, /Dry run: nothing was changed\./);
    assert.equal((await tutti("schedule show nightly")).exitCode, 3);
    assert.deepEqual(await outcomes("apply shop"), created);
    const unchanged = created.map((line) => line.replace("created", "unchanged"));
    assert.deepEqual(await outcomes("apply shop"), unchanged);
    assert.deepEqual(await outcomes("apply shop/all.yaml --dry-run"), unchanged);
    const before = await json("schedule show nightly");

    write("all.yaml", shop.replace("{day: 1}", "{day: 2}").replace("\nlabels: {team: shop, of: night}", ""));
    const { dryRun, applied } = await json("apply shop");
    assert.deepEqual(
      [dryRun, applied.map(({ id, outcome }: { id: string; outcome: string }) => `${id} ${outcome}`)],
      [false, ["report unchanged", "second unchanged", "nightly updated"]],
    );
    const after = await json("schedule show nightly");
    assert.deepEqual(
      [before, after].map(({ run, labels, paused }) => [run.input, labels, paused ?? false]),
      [
        [{ day: 1 }, { team: "shop", of: "night" }, false],
        [{ day: 2 }, {}, false],
      ],
    );
    write("all.yaml", shop.replace("test.echo}}", "test.echo, timeout: 1m}}"));
    assert.deepEqual(await outcomes("apply shop"), [
      "workflow/report unchanged",
      "workflow/second updated",
      "schedule/nightly updated",
    ]);
    assert.equal((await printed("workflow versions second -q")).trim().split("\n").length, 2);
  });

  it("leaves a paused schedule paused unless the file sets `paused`", async () => {
    write("all.yaml", shop);
    await printed("apply shop");
    await printed("schedule pause nightly --reason calm");
    assert.ok((await outcomes("apply shop")).includes("schedule/nightly unchanged"));
    assert.equal((await json("schedule show nightly")).paused, true);
    assert.match(
      (await tutti("apply shop --dry-run")).errors,
      /schedule nightly is paused, and stays paused\. Resume it/,
    );
    write("all.yaml", shop.replace("cron:", "paused: false\ncron:"));
    assert.ok((await outcomes("apply shop")).includes("schedule/nightly updated"));
    assert.notEqual((await json("schedule show nightly")).paused, true);
    assert.ok((await outcomes("apply shop")).includes("schedule/nightly unchanged"));
  });

  it("changes nothing if one document of the set is wrong", async () => {
    write("all.yaml", "workflow: third\ntasks: {one: {uses: test.echo}}\n");
    const cases: readonly (readonly [text: string, words: RegExp])[] = [
      [
        "workflow: fourth\ntasks: {one: {uses: test.echo, neds: [a]}}\n",
        /shop\/b\.yaml:2:32: error: .*neds[\s\S]*1 error/,
      ],
      ["schedule: s\nworkflow: third\ncron: 0 99 * * *\n", /shop\/b\.yaml:3:7: error: cron/],
      ["schedule: s\nworkflow: thrd\nevery: 1h\n", /shop\/b\.yaml: schedule `s`[\s\S]*thrd/],
      ["workflow: third\ntasks: {one: {uses: test.echo}}\n", /`third` is in the files twice/],
      ["session: s\ntasks: {one: {uses: test.echo}}\n", /tutti session start/],
      ["# nothing\n", /the file is empty/],
    ];
    for (const [text, pattern] of cases) {
      write("b.yaml", text);
      const { exitCode, errors } = await tutti("apply shop");
      assert.equal(exitCode, 3, text);
      assert.match(errors, pattern);
      assert.match(errors, /Nothing was changed/);
      assert.equal((await tutti("workflow versions third")).exitCode, 3, text);
    }
    assert.equal((await tutti("apply nothing")).exitCode, 2);
  });

  it("updates a trigger to its file, also if the file sets less, and changes nothing the second time", async () => {
    write("kept.yaml", "workflow: kept\ntasks: {one: {uses: test.echo}}\n");
    const head = "trigger: orders\nworkflow: kept\nevent: shop.order.created\n";
    write(
      "trigger.yaml",
      `${head}key: event.data.id\nrun: "order-\${{ event.data.id }}"\nwith: {a: 1}\nwindow: 1h\n`,
    );
    assert.match(await printed("apply shop/kept.yaml shop/trigger.yaml"), /trigger +orders +created/);
    assert.match(await printed("apply shop/trigger.yaml"), /trigger +orders +unchanged/);
    write("trigger.yaml", head);
    assert.match(await printed("apply shop/trigger.yaml"), /trigger +orders +updated/);
    assert.match(await printed("apply shop/trigger.yaml"), /trigger +orders +unchanged/);
  });

  it("skips the JSON files of other programs in a folder, and lists them", async () => {
    mkdirSync(join(at.command.folder, "project"));
    const inProject = (name: string, text: string) =>
      writeFileSync(join(at.command.folder, "project", name), text);
    inProject("package.json", '{"name": "shop", "workflow": "x"}\n');
    inProject("order.json", '{"workflow": "inside", "tasks": {"one": {"uses": "test.echo"}}}\n');
    const { output, errors, exitCode } = await tutti("apply project");
    assert.equal(exitCode, 0, errors);
    assert.match(output, /project\/order\.json +workflow +inside +created/);
    assert.match(errors, /Skipped JSON files without Tutti resources: project\/package\.json\./);
    const named = await tutti("apply project/package.json");
    assert.equal(named.exitCode, 3);
    assert.match(named.errors, /project\/package\.json:1:\d+: error/);
  });

  it("reads standard input", async () => {
    const input = "workflow: piped\ntasks: {one: {uses: test.echo}}\n";
    assert.match(await printed("apply -", { input }), /standard input +workflow +piped +created/);
    const wrong = await tutti("apply -", { input: "workflow: piped\n---\nworkflow: [a]\n" });
    assert.match(wrong.errors, /standard input:3:11: error/);
  });
});

const estate = `pool: render
description: Renders films.
maxQueued: \${var.queued}
---
scaler: crew
pool: render
process: {command: ["true"]}
capabilities: [film.render]
maxAgents: 3
paused: true
---
hook: large
pool: render
moment: before_assign
when: "task.priority > 10"
rule: {verdict: {}}
---
limit: bank
maxConcurrent: 4
---
quota: team
limits: {slots: 8}
---
role: printer
actions: [workflow.runs.start]
---
binding: ada-prints
role: printer
actor: {kind: person, id: ada}
---
rule: large-orders
subject: request
when: call.action == "workflow.runs.start"
condition: "true"
note: {message: large}
severity: warning
enforcement: shadow
---
policy: quiet
text: |
  permit(principal, action, resource) when { false };
---
secret: till
description: The till.
from: env:TILL
---
workflow: report
tasks:
  one: {uses: test.echo}
---
schedule: nightly
workflow: report
input: {day: 1}
cron: "0 3 * * *"
timeZone: Europe/Zurich
catchUp: 5m
---
trigger: orders
workflow: report
event: shop.order.created
if: event.data.id > 1
debounce: {for: 2s}
---
adapter: store
sqlite: {file: store.db, operations: {add: {sql: SELECT 1}}}
labels: {of: shop}
`;

describe("apply of a set", () => {
  const receivers = { pager: { kind: "workflow", workflow: "report" } };
  const at = commandAtWork({ flags: [`--insight.receivers=${JSON.stringify(receivers)}`] });
  const { tutti, printed, json } = at;
  const write = (name: string, text: string) => {
    mkdirSync(join(at.command.folder, "estate/environments/big"), { recursive: true });
    writeFileSync(join(at.command.folder, "estate", name), text);
  };
  const settings = `set: estate
variables: {queued: 100}
environments:
  big: {variables: {queued: 5000}}
`;
  const environment = { TILL: "open sesame" };
  const outcomes = async (line: string): Promise<Record<string, string>> =>
    Object.fromEntries(
      (await printed(`${line} -q`, { environment }))
        .trim()
        .split("\n")
        .map((text) => text.split(" ") as [string, string]),
    );
  const changed = async (line: string) =>
    Object.fromEntries(Object.entries(await outcomes(line)).filter(([, outcome]) => outcome !== "unchanged"));

  it("creates every kind, changes nothing the second time, and exports a folder without differences", async () => {
    write("tutti.apply.yaml", settings);
    write("all.yaml", estate);
    assert.match(await printed("validate estate"), /0 errors/);
    const created = await outcomes("apply -f estate");
    assert.equal(Object.keys(created).length, 14);
    assert.deepEqual([...new Set(Object.values(created))], ["created"]);
    assert.deepEqual(await changed("apply -f estate --prune"), {});

    let applied: { outcome: string }[] = [];
    // Lists come from an index that is a moment late.
    await until("all resources to be exported", async () => {
      await printed("export copy");
      ({ applied } = await json("apply copy --dry-run"));
      return applied.length >= 14;
    });
    const differing = applied.filter(({ outcome }) => outcome !== "unchanged");
    assert.deepEqual(differing, []);
  });

  it("shows the exact difference, of an environment too", async () => {
    const { applied } = await json("apply estate --environment big --dry-run");
    const updated = applied.filter(({ outcome }: { outcome: string }) => outcome === "updated");
    assert.deepEqual(
      updated.map(({ id, differences }: { id: string; differences: object }) => [id, differences]),
      [["render", [{ path: "maxQueued", before: 100, after: 5000 }]]],
    );
    write("environments/big/limit.yaml", "limit: bank\nmaxConcurrent: 40\n");
    assert.match(
      await printed("apply estate --environment big --dry-run"),
      /limit bank {2}maxConcurrent: 4 → 40/,
    );
    assert.deepEqual(await changed("apply estate"), {});
    const { errors } = await tutti("apply estate --environment none");
    assert.match(errors, /environments: expected one of big, got none\b/);
    assert.match(errors, /1 error in the files/);
  });

  it("reports a change of a resource on the platform, and does not prune the resource", async () => {
    await printed("pool update render --max-queued 7 --reason busy");
    const { applied } = await json("apply estate --dry-run");
    const pool = applied.find(({ id }: { id: string }) => id === "render");
    assert.deepEqual(pool.differences, [{ path: "maxQueued", before: 7, after: 100 }]);
    assert.equal(pool.drift.reason, "busy");
    assert.match(
      (await tutti("apply estate --dry-run")).errors,
      /pool render: changed on the platform .*busy/,
    );

    const rest = estate.slice(estate.indexOf("---\nlimit"));
    write("all.yaml", rest.slice(4));
    const refused = await tutti("apply estate --prune --yes");
    assert.equal(refused.exitCode, 3);
    assert.match(refused.errors, /pool `render` changed on the platform/);
    await printed("pool show render");
  });

  it("prunes only resources of the set that no file describes", async () => {
    await printed("pool create alien");
    const before = await outcomes("apply estate --prune --force --dry-run");
    assert.deepEqual(
      Object.entries(before).filter(([, outcome]) => outcome === "deleted"),
      [
        ["hook/render/large", "deleted"],
        ["scaler/render/crew", "deleted"],
        ["pool/render", "deleted"],
      ],
    );
    const unconfirmed = await tutti("apply estate --prune --force", { environment });
    assert.match(unconfirmed.errors, /needs a confirmation/);
    const answer = async () => {
      await printed("limit set bank --concurrency 5");
      return "y";
    };
    const stale = await tutti("apply estate --prune --force", { environment, answer });
    assert.match(stale.errors, /changed while the question was open\. Nothing was changed/);
    // The command keeps the labels by which the set finds its limit.
    assert.match((await tutti("apply estate --dry-run")).errors, /limit bank: changed on the platform/);
    await printed("pool show render");
    await printed("apply estate --prune --force --yes", { environment });
    assert.equal((await tutti("pool show render")).exitCode, 3);
    await printed("pool show alien");
    assert.equal((await tutti("apply estate --file-set other")).exitCode, 3);
    write("all.yaml", "limit: lone\nmaxConcurrent: 1\n");
    assert.match((await tutti("apply estate --prune --yes")).errors, /No file describes/);
  });

  it("counts active runs that stay on the previous version", async () => {
    const waiting = "workflow: waiting\ntasks: {one: {wait: {signal: go}}}\n";
    write("all.yaml", waiting);
    await printed("apply estate");
    await printed("run waiting --detach");
    write("all.yaml", waiting.replace("signal: go", "signal: start"));
    let applied: { liveRuns?: number; differences: object }[] = [];
    await until("the count of active runs", async () => {
      ({ applied } = await json("apply estate --dry-run"));
      return applied[0]?.liveRuns === 1;
    });
    assert.deepEqual(applied[0]?.differences, [
      { path: "tasks.one.wait.signal", before: "go", after: "start" },
    ]);
  });

  it("counts the work that a change or a deletion of each kind affects, and reports if there is none", async () => {
    const files = (count: number) =>
      [
        `pool: busy\nmaxQueued: ${count}`,
        `hook: big\npool: busy\nmoment: before_assign\nwhen: task.priority > ${count}\nrule: {verdict: {}}`,
        `inbox: desk\ncapabilities: [{name: pay.review, version: 1.0.0}]\ndescription: ${count} people`,
        `limit: till\nmaxConcurrent: 1\ndescription: ${count} of it`,
        `quota: default\nlimits: {slots: 1${count}}`,
        `role: reader\nactions: [workflow.runs.get]\ndescription: ${count} of them`,
        `escalation: night\nsteps: [{receivers: [pager]}, {afterMs: 3600000, receivers: [pager]}]\nrepeats: ${count}`,
        `alert-rule: memory\ntitle: Full\nseverity: warning\neveryMs: 1000\nescalation: night\nqueries: [{queryId: m, metric: process_resident_memory_bytes}]\ncondition: m > ${count}.0`,
        "workflow: queueing\npool: busy\ntasks: {one: {uses: nobody.offers}}",
        `workflow: pausing\ntasks: {one: {wait: {signal: go${count}}}}`,
        "workflow: asking\ntasks: {one: {uses: pay.review}}",
        "workflow: holding\nlimits: [{key: till, concurrency: 1}]\ntasks: {one: {wait: {signal: go}}}",
        `schedule: often\nworkflow: pausing\nevery: 1s\noverlap: skip\ndescription: ${count} times`,
        `trigger: late\nworkflow: asking\nevent: shop.late\ndebounce: {for: 1h}\ndescription: ${count} times`,
      ].join("\n---\n");
    const affected = async (line: string, kind?: string) => {
      const { applied } = await json(line);
      return applied
        .filter((step: { outcome: string }) => /updated|deleted/.test(step.outcome))
        .filter((step: { kind: string }) => step.kind !== kind)
        .flatMap(({ kind: word, live }: { kind: string; live?: { what: string; count: number }[] }) =>
          live?.map(({ what, count }) => `${word}: ${what} ${count}`),
        )
        .sort();
    };
    const expected = [
      ...["alert-rule: open alerts 1", "escalation: escalating alerts 1", "hook: waiting tasks 1"],
      ...["inbox: open tasks 1", "limit: holders 1", "limit: waiting holders 1", "pool: waiting tasks 1"],
      ...["quota: slots in use 1", "schedule: active runs 1", "trigger: waiting events 1"],
      "workflow: active runs 1",
    ];
    write("all.yaml", `${files(2)}\n`);
    await printed("apply estate");
    for (const name of ["queueing", "asking", "holding", "holding"]) await printed(`run ${name} --detach`);
    await printed("event post shop.late");
    write("all.yaml", `${files(3)}\n`);
    await until("the work", async () => {
      const found = await affected("apply estate --dry-run");
      return JSON.stringify(found) === JSON.stringify(expected) ? true : undefined;
    });
    const { errors } = await tutti("apply estate --dry-run");
    assert.match(errors.replaceAll(/\s+/g, " "), /hook busy\/big affects: waiting tasks 1\./);
    assert.match(errors, /inbox default\/desk affects: open tasks 1\./);

    write("all.yaml", "role: reader\nactions: [workflow.runs.get]\ndescription: Reads.\n");
    const deleted = await affected("apply estate --prune --force --dry-run", "role");
    assert.deepEqual(
      [...new Set(deleted)].sort(),
      [...expected, "adapter: workers 1", "workflow: active runs 2"].sort(),
    );
    const alone = await tutti("apply estate --dry-run");
    assert.match(alone.errors, /No running work is affected\./);
    assert.deepEqual((await json("apply estate --dry-run")).applied[0].live, []);
  });

  it("refuses a field that the platform sets, a value of a secret, and an unknown variable, with their lines", async () => {
    write(
      "all.yaml",
      "pool: a\nrevision: '3'\n---\nsecret: b\nvalue: x\n---\nlimit: c\nmaxConcurrent: ${var.nope}\n",
    );
    const { exitCode, errors } = await tutti("apply estate");
    assert.equal(exitCode, 3);
    assert.match(errors, /all\.yaml:2:1: error: revision/);
    assert.match(errors, /all\.yaml:5:1: error: value/);
    assert.match(errors, /all\.yaml:8:16: error: .*nope/);
  });
});
