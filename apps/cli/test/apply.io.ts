import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
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

  it("creates, updates and leaves unchanged what files describe, and says which", async () => {
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
      ["schedule: s\nworkflow: third\ncron: 0 99 * * *\n", /shop\/b\.yaml: schedule `s`/],
      ["schedule: s\nworkflow: thrd\nevery: 1h\n", /shop\/b\.yaml: schedule `s`[\s\S]*thrd/],
      ["workflow: third\ntasks: {one: {uses: test.echo}}\n", /`third` is in the files twice/],
      ["session: s\ntasks: {one: {uses: test.echo}}\n", /tutti session start/],
      ["# nothing\n", /the file is empty/],
    ];
    for (const [text, words] of cases) {
      write("b.yaml", text);
      const { exitCode, errors } = await tutti("apply shop");
      assert.equal(exitCode, 3, text);
      assert.match(errors, words);
      assert.match(errors, /Nothing was changed/);
      assert.equal((await tutti("workflow versions third")).exitCode, 3, text);
    }
    assert.equal((await tutti("apply nothing")).exitCode, 2);
  });

  it("changes a trigger to what its file says, also where the file says less, and nothing the second time", async () => {
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

  it("reads standard input", async () => {
    const input = "workflow: piped\ntasks: {one: {uses: test.echo}}\n";
    assert.match(await printed("apply -", { input }), /standard input +workflow +piped +created/);
    const wrong = await tutti("apply -", { input: "workflow: piped\n---\nworkflow: [a]\n" });
    assert.match(wrong.errors, /standard input:3:11: error/);
  });
});
