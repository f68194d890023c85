import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { objectAdapter } from "@tutti/sdk/adapters";
import { AnnouncedService } from "@tutti/sdk/embed";
import { commandAtWork } from "./support/at-work.ts";

interface VariantReport {
  readonly percent: number;
  readonly both: number;
  readonly equal: number;
  readonly different: readonly string[];
  readonly variants: Readonly<
    Record<"old" | "new", { calls: number; failed: number; p50Ms?: number; errors: Record<string, number> }>
  >;
}

describe("variants of a workflow", () => {
  const at = commandAtWork({
    handlers: {
      "plan.one": (input) => ({ plan: input }),
      "plan.two": (input) => {
        const { n } = input as { n: number };
        if (n === 13) throw new Error("no plan for 13");
        return { plan: n === 7 ? { n: "seven" } : input };
      },
    },
  });
  const report = async (exitCode: number): Promise<VariantReport> => {
    const ended = await at.tutti("variant show plan --json");
    assert.equal(ended.exitCode, exitCode, ended.errors);
    return JSON.parse(ended.output) as VariantReport;
  };
  const run = async (n: number): Promise<unknown> =>
    JSON.parse(await at.printed(`run plan n=${n} --id plan-${n} --wait`));

  it("are compared in each run, and the old variant returns the output", async () => {
    assert.match(await at.printed("variant set plan plan.one plan.two --compare"), /takes 0 % of new runs/);
    for (const n of [1, 7, 13]) {
      assert.deepEqual(await run(n), { plan: { n } });
    }
    const found = await report(1);
    assert.deepEqual([found.percent, found.both, found.equal, found.different], [0, 2, 1, ["plan-7"]]);
    assert.deepEqual([found.variants.old.calls, found.variants.old.failed], [3, 0]);
    assert.deepEqual([found.variants.new.calls, found.variants.new.failed], [3, 1]);
    assert.equal(Object.values(found.variants.new.errors).join(), "1");
    assert.match((await at.tutti("variant show plan")).output, /the outputs of run plan-7 differ/);
  });

  it("give the new variant a percentage of new runs, and one command rolls back", async () => {
    await at.printed("variant set plan plan.one plan.two --percent 100");
    assert.deepEqual(await run(70), { plan: { n: 70 } });
    const { tasks } = JSON.parse(await at.printed("show plan-70 --json"));
    assert.deepEqual(
      tasks.map(({ taskId }: { taskId: string }) => taskId),
      ["new"],
    );
    const typo = await at.tutti("variant set typo plan.one plan.tow");
    assert.match(typo.errors, /^No worker offers plan\.tow: its runs wait for one\.\n$/);
    await at.printed("variant set plan plan.one plan.two --percent 50 --compare");
    assert.equal((await report(1)).percent, 50);
    await at.printed("variant rollback plan");
    assert.equal((await report(1)).percent, 0);
    await run(71);
    assert.match(await at.printed("show plan-71"), /old/);
    assert.doesNotMatch(await at.printed("show plan-71"), /\bnew\b/);
  });

  it("an existing class is registered at run time, discovered, balanced, checked, seen in the status, and flipped", async () => {
    const both = Promise.withResolvers<void>();
    let waiting = 0;
    class Solver {
      isWell = true;
      calls = 0;
      async plan(stops: readonly number[]): Promise<readonly number[]> {
        // The first two calls wait for each other, and each is with another instance.
        if (this.calls++ === 0 && ++waiting === 2) both.resolve();
        await both.promise;
        return stops;
      }
    }
    const solvers = [new Solver(), new Solver()];
    const services = solvers.map((solver, index) => {
      const adapter = objectAdapter(solver, {
        name: "solver",
        operations: { plan: { method: "plan", parameters: ["stops"], repeat: "safe" } },
        check: ({ isWell }) => {
          if (!isWell) throw new Error("no solver");
        },
      });
      const worker = { address: at.platform.grpc, agentId: `solver-${index}`, slots: 1 };
      return new AnnouncedService(adapter, { checkMs: 20, failuresMax: 1, worker });
    });
    try {
      await Promise.all(services.map((service) => service.start()));
      await at.listed("agent list", /solver-0 .*ready.*solver-1 .*ready/s);
      await at.listed("status", /adapters +solver/);
      await at.listed("adapter list", /solver/);
      assert.match(await at.printed("adapter check solver"), /object/);
      await at.printed("variant set tour plan.one solver.plan --percent 100");
      const tour = (id: string) => at.printed(`run tour --input '{"stops":[1]}' --id ${id} --wait`);
      assert.deepEqual(await Promise.all([tour("tour-1"), tour("tour-2")]), ["[1]\n", "[1]\n"]);
      assert.deepEqual(
        solvers.map(({ calls }) => calls),
        [1, 1],
      );
      const [first] = solvers;
      assert.ok(first);
      first.isWell = false;
      await at.listed("agent list", /solver-0 .*asleep/);
      await tour("tour-3");
      assert.deepEqual(
        solvers.map(({ calls }) => calls),
        [1, 2],
      );
    } finally {
      both.resolve();
      await Promise.all(services.map((service) => service.stop()));
    }
  });

  it("are applied from a file, with each difference, and pruned", async () => {
    mkdirSync(join(at.command.folder, "both"));
    const write = (name: string, text: string) => writeFileSync(join(at.command.folder, "both", name), text);
    const applied = async (line: string) => (await at.printed(`${line} -q`)).trim();
    const file = "variant: trip\nold: plan.one\nnew: plan.two\n";
    const all = "apply both --file-set both";
    write("trip.yaml", `${file}percent: 120\n`);
    const wrong = await at.tutti(all);
    assert.equal(wrong.exitCode, 3);
    assert.match(wrong.errors, /trip\.yaml:4:10: error: .*0 to 100/);
    assert.notEqual((await at.tutti("validate both")).exitCode, 0);
    write("trip.yaml", `${file}percent: 20\n`);
    write("other.yaml", "workflow: other\ntasks: {one: {uses: test.echo}}\n");
    assert.match(await applied(`${all} --dry-run`), /variant\/trip created/);
    assert.equal((await at.tutti("variant show trip")).exitCode, 3);
    assert.match(await applied(all), /variant\/trip created/);
    assert.match(await applied(all), /variant\/trip unchanged/);
    write("trip.yaml", `${file.replace("plan.two", "plan.one")}percent: 30\ncompare: true\n`);
    const text = await at.printed(`${all} --dry-run`);
    for (const field of ["new", "percent", "compare"])
      assert.match(text, new RegExp(`variant trip +${field}`), field);
    await applied(all);
    assert.equal(JSON.parse((await at.tutti("variant show trip --json")).output).percent, 30);
    assert.match(await applied(all), /variant\/trip unchanged/);
    write("trip.yaml", `${file.replace("plan.two", "plan.one")}compare: true\n`);
    await at.printed("variant rollback trip");
    assert.match(await at.printed(`${all} --dry-run`), /variant trip +compare/);
    await applied(all);
    assert.equal(
      JSON.parse((await at.tutti("variant show trip --json")).output).percent,
      0,
      "a file without a percentage keeps it",
    );
    await at.printed("export kept");
    assert.match(await applied("apply kept --dry-run"), /variant\/trip unchanged/);
    write("trip.yaml", "workflow: more\ntasks: {one: {uses: test.echo}}\n");
    assert.match(await applied(`${all} --prune --yes`), /variant\/trip deleted/);
    assert.doesNotMatch(await at.printed("workflow list -q"), /^trip$/m);
    write("trip.yaml", file);
    assert.match(await applied(all), /variant\/trip updated/);
    assert.match(await at.printed("workflow list -q"), /^trip$/m);
    write("trip.yaml", "variant: other\nold: plan.one\nnew: plan.two\n");
    assert.match((await at.tutti(all)).errors, /`other` is a workflow in both\/other.yaml and a variant/);
  });

  it("a workflow without them is refused with the command that sets them", async () => {
    for (const command of ["show", "rollback"])
      assert.match((await at.tutti(`variant ${command} echo`)).errors, /no variants.*tutti variant set/s);
    assert.match((await at.tutti("variant set plan a.b c.d --percent 101")).errors, /0 to 100, got 101/);
  });
});
