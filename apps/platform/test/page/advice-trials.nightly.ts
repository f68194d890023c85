/**
 * Trials with worker processes: advice from recorded tasks, its trial, and its end in the CLI, the dashboard and the
 * audit log.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { connect, type Tutti } from "@tutti/sdk/client";
import { commandProgram } from "../../../../tools/fronts.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { TestProcess } from "../support/process.ts";
import { Stage } from "./stage.ts";

const program = fileURLToPath(new URL("../programs/trial-worker.ts", import.meta.url));
const browser = await needsProgram("chromium-headless-shell");

interface Trial {
  /** The workflow, and the pool of its workers. */
  readonly name: string;
  /** Fields of its task, as YAML. */
  readonly task?: string;
  /** Duration of a task at each worker. */
  readonly workersMs: readonly number[];
  /** Concurrent tasks of a worker, beyond which a task fails. */
  readonly limit: number;
  /** The subject of the advice, its id, and its verdict. */
  readonly search: { readonly subject: string } | { readonly pool: string };
  readonly id: string;
  readonly status: "applied" | "taken back";
  readonly finding: RegExp;
  /** The setting after the trial, as the CLI shows it. */
  readonly after: readonly [command: string, setting: RegExp];
}

const failures = /\d+ of \d+ (tasks|runs) failed, before \d+ of \d+\./;
const trials: readonly Trial[] = [
  {
    ...{ name: "steady", workersMs: [40, 240], limit: 2, search: { pool: "steady" } },
    ...{ id: "pool.steady.strategy.fastest", status: "applied" },
    finding: /Median time \d\d % less in \d+ spans, and nothing got worse\./,
    after: ["pool show steady", /strategy +fastest\n/],
  },
  {
    // Only the strategy on trial gives the fast worker two tasks at once.
    ...{ name: "frail", workersMs: [40, 240], limit: 1, search: { pool: "frail" } },
    ...{ id: "pool.frail.strategy.fastest", status: "taken back", finding: failures },
    after: ["pool show frail", /strategy +least_loaded\n/],
  },
  {
    // The reservation kept the tasks of a worker apart.
    ...{
      name: "sized",
      workersMs: [100],
      limit: 1,
      task: "resources: {cpu: 8}",
      search: { subject: "sized" },
    },
    ...{ id: "sized.right-sizing.work", status: "taken back", finding: failures },
    after: ["workflow convert sized", /cpu: 8\b/],
  },
];

const workflowOf = ({ name, task = "mayFail: false" }: Trial) => `workflow: ${name}
tasks: {work: {uses: ${name}.work, placement: {pool: ${name}}, retry: {attempts: 1}, ${task}}}
`;

describe("a trial with worker processes", { skip: browser.skip }, () => {
  let stage: Stage;
  let tutti: Tutti;
  const workers: TestProcess[] = [];

  const cli = async (words: string): Promise<string> => {
    await using command = new TestProcess({
      program: commandProgram(),
      arguments: words.split(" "),
      environment: { TUTTI_URL: stage.url },
    });
    const { code } = await command.waitForExit();
    assert.equal(code, 0, command.output);
    return command.output;
  };

  /** Runs the workflow until an answer is accepted. The tasks set the pace. */
  async function runUntil({ name }: Trial, isOver: () => Promise<boolean>): Promise<void> {
    const runs = async () => {
      for (let run = 0; run < 20; run++) await (await tutti.run(name)).result().catch(() => {});
    };
    while (!(await isOver())) await Promise.all([runs(), runs()]);
  }

  const played = async (trial: Trial) => {
    const { id, search } = trial;
    await runUntil(trial, async () => {
      const { recommendations } = await stage.client.call("advice.find", { body: search });
      return recommendations.some(({ recommendationId }) => recommendationId === id);
    });
    assert.match(await cli(`advice apply ${id} --percent 50 --yes`), /on trial with 50 % of/);
    await runUntil(trial, async () => {
      const { status, trial: now } = await stage.client.call("advice.get", { params: { id } });
      return status !== "trial" && now?.settled === true;
    });
  };

  before(async () => {
    stage = await Stage.open({
      chromium: browser.path,
      workflows: trials.map(workflowOf),
      settings: ["--master.adviceEveryMs=0", "--master.adviceSpanMs=2000"],
    });
    tutti = await connect({ address: stage.grpc });
    for (const { name, workersMs, limit } of trials) {
      await stage.client.call("pools.create", { body: { pool: name, strategy: { kind: "least_loaded" } } });
      for (const [number, takesMs] of workersMs.entries()) {
        const words = [stage.grpc, `${name}-${number}`, name, `${takesMs}`, `${limit}`];
        // Measurements of tasks go to the REST API.
        const environment = { TUTTI_URL: stage.url };
        workers.push(new TestProcess({ program, arguments: words, environment }));
      }
    }
    await Promise.all(workers.map((worker) => worker.wrote(/linked/)));
  });
  after(async () => {
    await Promise.all(workers.map((worker) => worker.kill()));
    await tutti?.close();
    await stage?.[Symbol.asyncDispose]();
  });

  it("keeps what takes less time, takes back what fails tasks, and shows why", async () => {
    await Promise.all(trials.map(played));
    const page = await stage.signedIn("/advice");
    const records = await cli("audit search --action advice.* --json");
    for (const {
      name,
      id,
      status,
      finding,
      after: [command, setting],
    } of trials) {
      const output = await cli(`advice show ${id}`);
      assert.match(output, new RegExp(`status +${status}\n`));
      const [found = assert.fail(output)] = finding.exec(output) ?? [];
      assert.match(await cli(command), setting);
      const decided = page.getByText(status, { exact: true });
      const entry = page.getByRole("article").filter({ hasText: `${name}: `, has: decided });
      assert.ok((await entry.innerText()).includes(found), await entry.innerText());
      assert.ok(records.includes(found), records);
    }
  });
});
