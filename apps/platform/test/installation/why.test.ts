import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { enumName } from "@tutti/contracts/enum";
import { type Explanation, WaitCause } from "@tutti/contracts/types/v1";
import {
  CancelRunRequest,
  definitionService,
  ExplainRunRequest,
  PauseRunRequest,
  runService,
  SourceFormat,
  StartRunRequest,
} from "@tutti/contracts/workflow/v1";
import { toTimestamp } from "@tutti/kernel";
import { latch, until } from "@tutti/kernel/testing";
import { TaskFailure, type Worker } from "@tutti/sdk";
import { Installation } from "./installation.ts";

const stuck = `workflow: stuck
tasks:
  limited: {forEach: "\${{ [1, 2] }}", uses: why.slow, limits: [{key: one, concurrency: 1}]}
  later: {wait: 1h}
  lost: {forEach: "\${{ [1, 2, 3] }}", uses: why.nobody}
  far: {uses: why.slow, placement: {require: {equals: {region: moon}}}}
  asked: {approve: {by: [ops], title: sure?}}
  told: {wait: {signal: go}}
  sub: {workflow: inner}
  again: {uses: why.fails, retry: {attempts: 2, backoff: 1h}}
  stopped: {uses: why.fails, retry: {attempts: 1, exhausted: pause}}
  last: {needs: [later], set: {done: true}}
`;
const inner = "workflow: inner\ntasks: {inside: {wait: 1h}}\n";
const gated = (number: number) =>
  `workflow: gated-${number}\ntasks: {a: {uses: why.gated, with: ${number}, limits: [{key: gate, concurrency: 1}]}}\n`;
const single = "workflow: single\nlimits: [{key: single run, concurrency: 1}]\ntasks: {a: {wait: 1h}}\n";

const agent =
  "workflow: agent\ntasks: {answer: {agent: {model: 'scripted:small', instructions: Answer., prompt: hello}}}\n";

const {
  WAIT_CAUSE_NEEDS: needs,
  WAIT_CAUSE_START: start,
  WAIT_CAUSE_TIMER: timer,
  WAIT_CAUSE_SIGNAL: signal,
  WAIT_CAUSE_APPROVAL: approval,
  WAIT_CAUSE_CHILD: child,
  WAIT_CAUSE_BACKOFF: backoff,
  WAIT_CAUSE_LIMIT: limit,
  WAIT_CAUSE_NO_CAPABILITY: noCapability,
  WAIT_CAUSE_NO_MATCH: noMatch,
  WAIT_CAUSE_PAUSED: paused,
} = WaitCause;

describe("why", () => {
  let installation: Installation;
  let worker: Worker;
  const over = latch();
  const gates = [latch(), latch()];
  const runs = () => installation.host.mesh.client(runService);
  const startRun = (
    name: string,
    runId: string,
    more: Parameters<typeof StartRunRequest.fromPartial>[0] = {},
  ) =>
    runs().startRun(
      StartRunRequest.fromPartial({
        ...{ runId, spec: { what: { $case: "definition", value: { name } } } },
        ...more,
      }),
    );
  const explain = async (runId: string, taskId = ""): Promise<Explanation> => {
    const { explanation } = await runs().explainRun(ExplainRunRequest.fromPartial({ runId, taskId }));
    return explanation ?? assert.fail("an explanation");
  };
  /** Waits until a task waits for this cause. */
  const untilCause = (runId: string, taskId: string, cause: WaitCause): Promise<Explanation> =>
    until(
      "the cause to be known",
      () => explain(runId, taskId),
      ({ waits }) => waits.some((wait) => wait.cause === cause && wait.present),
    );

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({ slots: 8 });
    worker.handle("why.slow", async () => over.opened);
    worker.handle("why.gated", async (number: number) => gates[number]?.opened);
    worker.handle("why.fails", async () => {
      throw new TaskFailure("why.not", "it does not work");
    });
    await worker.start();
    for (const text of [stuck, inner, single, agent, gated(0), gated(1)])
      await installation.host.mesh.client(definitionService).registerDefinition({
        ...{ namespace: "", source: { format: SourceFormat.SOURCE_FORMAT_YAML, text, fileName: "" } },
        ...{ versionLabels: [], keepLatest: false },
      });
    await startRun("stuck", "stuck");
  });
  after(async () => {
    over.open();
    for (const gate of gates) gate.open();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  const reasons: readonly [string, WaitCause, RegExp][] = [
    ["last", needs, /needs `later`/],
    ["later", timer, /it waits/],
    ["told", signal, /signal go/],
    ["asked", approval, /ops/],
    ["sub", child, /child/],
    ["again", backoff, /after a pause/],
    ["stopped", paused, /a person has to decide/],
    ["lost[0]", noCapability, /no worker offers why\.nobody/],
    ["far", noMatch, /none has region=moon/],
  ];
  for (const [task, cause, pattern] of reasons)
    it(`\`${task}\` waits: ${enumName(WaitCause, cause)}`, async () => {
      assert.match((await untilCause("stuck", task, cause)).summary, pattern);
    });

  it("the second of two tasks with one limit waits, and the holder is named", async () => {
    const limited = ["limited[0]", "limited[1]"];
    const found = await until(
      "one of them to wait",
      async () =>
        (await Promise.all(limited.map((task) => explain("stuck", task)))).flatMap(({ waits }) => waits),
      (waits) => waits.filter((wait) => wait.cause === limit).length === 1,
    );
    assert.match(found.find((wait) => wait.cause === limit)?.message ?? "", /one/);
  });

  it("a task that waited for a limit and runs now has no wait", async () => {
    await startRun("gated-0", "gated-0");
    await until(
      "the first to run",
      () => explain("gated-0"),
      ({ summary }) => /1 is running/.test(summary),
    );
    await startRun("gated-1", "gated-1");
    assert.match((await untilCause("gated-1", "", limit)).summary, /1 waits for the limit gate \(`a`\)/);
    gates[0]?.open();
    const { summary, waits } = await until(
      "the second to run",
      () => explain("gated-1"),
      ({ summary: now }) => /1 is running/.test(now),
    );
    assert.match(summary, /1 is running \(`a`\)/);
    assert.deepEqual(
      waits.filter(({ present }) => present),
      [],
    );
  });

  it("an agent without a worker for the provider of its model: the provider is named", async () => {
    await startRun("agent", "agent");
    const { remedies } = await untilCause("agent", "answer", noCapability);
    assert.match(remedies[0]?.text ?? "", /add the provider scripted to the setting `agents\.providers`$/);
    assert.deepEqual((await explain("agent")).remedies, remedies);
  });

  it("a failed task is explained with its error and a remedy", async () => {
    const { failures, remedies } = await untilCause("stuck", "stopped", paused);
    assert.deepEqual(
      failures.map(({ error }) => error?.code),
      ["why.not"],
    );
    assert.match(remedies[0]?.command ?? "", /resume/);
  });

  it("a waiting run is explained with counts per reason and with remedies", async () => {
    await untilCause("stuck", "lost[2]", noCapability);
    const { summary, waits, remedies } = await untilCause("stuck", "", noCapability);
    assert.match(
      summary,
      /3 wait because no worker offers why\.nobody \(`lost\[0\]`, `lost\[1\]`, `lost\[2\]`\)/,
    );
    assert.match(summary, /1 waits for the signal go \(`told`\)/);
    assert.match(summary, /1 waits for a person's decision \(`asked`\)/);
    assert.match(summary, /1 waits for the tasks before/);
    const causes = new Set(waits.map(({ cause }) => cause));
    for (const cause of [timer, signal, approval, child, noCapability, noMatch])
      assert.ok(causes.has(cause), enumName(WaitCause, cause));
    assert.ok(remedies.some(({ text }) => /start a worker that offers why\.nobody/.test(text)));
  });

  it("a pending run is explained: its start is delayed, or others hold its limit", async () => {
    await startRun("inner", "delayed", { startTime: toTimestamp(installation.now() + 3_600_000) });
    assert.match((await untilCause("delayed", "", start)).waits[0]?.message ?? "", /delayed/);
    await startRun("single", "holds");
    await startRun("single", "waits");
    const { summary, waits, remedies } = await untilCause("waits", "", limit);
    assert.match(
      summary,
      /^The run is pending: it waits for the limit single run\. 1 of 1 task has not ended\.$/,
    );
    assert.match(waits[0]?.message ?? "", /limit/);
    assert.match(remedies[0]?.command ?? "", /^tutti limit show 'single run'$/);
  });

  it("a cancelled run reports once that it was cancelled, and why", async () => {
    await startRun("inner", "cancelled");
    await runs().cancelRun(CancelRunRequest.fromPartial({ runId: "cancelled", reason: "no money" }));
    const { summary } = await until(
      "the run to be cancelled",
      () => explain("cancelled"),
      (answer) => /was cancelled/.test(answer.summary),
    );
    assert.match(summary, /^The run was cancelled by .*: no money\./);
  });

  it("a paused run is explained with its reason and the command that resumes it", async () => {
    await startRun("inner", "held");
    await runs().pauseRun(PauseRunRequest.fromPartial({ runId: "held", reason: "a look" }));
    const { waits, remedies } = await untilCause("held", "", paused);
    assert.match(waits[0]?.message ?? "", /a look/);
    assert.match(remedies[0]?.command ?? "", /resume held/);
  });
});
