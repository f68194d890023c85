/** Runs with timers, signals, children, forEach, limits, retries and compensation. */
import assert from "node:assert/strict";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { isTuttiError } from "@tutti/kernel";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const definitions = [
  `workflow: crash-child
tasks: {do: {uses: crash.step, with: {tag: "\${{ input.tag }}", group: child-limit}}}
output: "\${{ tasks.do.output }}"
`,
  `workflow: crash-mixed
tasks:
  first: {uses: crash.step, with: {tag: "\${{ input.tag + '/first' }}"}}
  timer: {needs: [first], wait: 200ms}
  go: {needs: [first], wait: {signal: go}}
  each:
    needs: [timer]
    forEach: "\${{ [0, 1, 2] }}"
    uses: crash.step
    with: {tag: "\${{ input.tag + '/each' + string(item) }}"}
  child:
    needs: [go]
    workflow: crash-child
    with: {tag: "\${{ input.tag + '/child' }}"}
    limits: [{key: crash-child, concurrency: 1}]
  mortal:
    needs: [first]
    uses: crash.mortal
    with: {tag: "\${{ 'mortal ' + input.tag }}"}
    retry: {attempts: 20, backoff: 100ms..1s}
  alone:
    needs: [each]
    uses: crash.step
    with: {tag: "\${{ input.tag + '/alone' }}", group: limit}
    limits: [{key: crash-alone, concurrency: 1}]
output: "\${{ [tasks.child.output, tasks.alone.output, tasks.mortal.output] + tasks.each.output }}"
`,
  `workflow: crash-undone
tasks:
  book:
    uses: crash.step
    with: {tag: "\${{ input.tag + '/book' }}"}
    compensate: {uses: crash.step, with: {tag: "\${{ given.tag + '/undo' }}"}}
  refuse: {needs: [book], uses: crash.refuse, with: {tag: "\${{ input.tag + '/refuse' }}"}, retry: {attempts: 1}}
`,
  `workflow: crash-patient
tasks:
  before: {set: {n: 1}}
  go: {needs: [before], wait: {signal: go}}
  after: {needs: [go], forEach: "\${{ [1, 2] }}", set: {n: "\${{ item + tasks.before.output.n }}"}}
output: "\${{ tasks.after.output }}"
`,
];

const mixedEach = 3;
const mixedSteps = ["first", "each0", "each1", "each2", "child", "alone"];
const undoneSteps = ["book", "refuse", "book/undo"];
const ends = /^run_(completed|failed|cancelled|terminated)$/;

export function runs({ tutti, effects }: Stage): LoadPart {
  /** Expected final status of each acknowledged run. */
  const acknowledged = new Map<string, WorkStatus>();
  const expected = new Set<string>();
  const last: string[] = [];
  let cancels = 0;

  async function mixed(id: string): Promise<void> {
    const tag = `run ${id}`;
    const run = await retryUntilDone(() => tutti.run("crash-mixed", { id, input: { tag } }));
    acknowledged.set(id, WorkStatus.WORK_STATUS_COMPLETED);
    last.push(id);
    for (const step of mixedSteps) expected.add(`${tag}/${step}`);
    await retryUntilDone(() => run.signal("go", undefined, { idempotencyKey: `go-${id}` }));
    const output = await run.result();
    const each = [0, 1, 2].map((item) => `${tag}/each${item}`);
    assert.deepEqual(output, [`${tag}/child`, `${tag}/alone`, `mortal ${tag}`, ...each], id);
  }

  async function undone(id: string): Promise<void> {
    const tag = `run ${id}`;
    const run = await retryUntilDone(() => tutti.run("crash-undone", { id, input: { tag } }));
    acknowledged.set(id, WorkStatus.WORK_STATUS_FAILED);
    for (const step of undoneSteps) expected.add(`${tag}/${step}`);
    await assert.rejects(run.result(), /is refused/);
  }

  /** Cancels the run if it is running, and retries it if it has ended. A retried run waits as before. */
  async function rerun(): Promise<void> {
    const run = tutti.runs.get("again");
    const { status } = await retryUntilDone(() => run.get());
    if (status === WorkStatus.WORK_STATUS_RUNNING)
      await retryUntilDone(() => run.cancel("to be retried").catch(unlessDone));
    else {
      await retryUntilDone(() => run.retry("it goes on").catch(unlessDone));
      cancels++;
    }
  }

  return {
    async prepare() {
      for (const text of definitions) await retryUntilDone(() => tutti.workflows.register(text));
      for (const id of ["patient-0", "patient-1", "patient-2", "patient-3", "again"]) {
        await retryUntilDone(() => tutti.run("crash-patient", { id }));
        acknowledged.set(id, WorkStatus.WORK_STATUS_COMPLETED);
      }
    },
    async round(number) {
      const ids = Array.from({ length: mixedEach }, (_, at) => `mixed-${number}-${at}`);
      await Promise.all([...ids.map(mixed), undone(`undone-${number}`), rerun()]);
    },
    async finish() {
      if (cancels === 0) await rerun();
      const { status } = await retryUntilDone(() => tutti.runs.get("again").get());
      if (status !== WorkStatus.WORK_STATUS_RUNNING) await rerun();
      for (const id of [...acknowledged.keys()].filter((each) => /^patient|^again/.test(each))) {
        const run = tutti.runs.get(id);
        await retryUntilDone(() => run.signal("go", undefined, { idempotencyKey: `go-${id}` }));
        assert.deepEqual(await run.result(), [{ n: 2 }, { n: 3 }], id);
      }
    },
    always: {
      "runs: an acknowledged start exists": async () => {
        for (const id of ["patient-0", "patient-3", ...last.slice(-mixedEach)])
          assert.equal((await retryUntilDone(() => tutti.runs.get(id).get())).runId, id);
      },
      "runs: no effect is doubled": () => effects.assertNoneTwice("run "),
      "limits: a key has one holder at a time, a task or a child": () =>
        assert.ok(Math.max(effects.maxConcurrent("limit"), effects.maxConcurrent("child-limit")) <= 1),
    },
    atEnd: {
      "runs: each acknowledged start ends exactly once, as it has to": async () => {
        for (const [id, expected] of acknowledged) {
          const run = tutti.runs.get(id);
          assert.equal((await retryUntilDone(() => run.get())).status, expected, id);
          if (id === "again") continue;
          const ended: string[] = [];
          for await (const { type } of run.events()) if (ends.test(type)) ended.push(type);
          assert.equal(ended.length, 1, `${id}: ${ended}`);
        }
      },
      "runs: each effect is there once": () => effects.assertOnce("run ", expected),
      "runs: an effect of a killed worker is not lost": () => {
        const done = new Set(effects.all().flatMap(({ kind, tag }) => (kind === "end" ? [tag] : [])));
        for (const [id, status] of acknowledged)
          if (id.startsWith("mixed") && status === WorkStatus.WORK_STATUS_COMPLETED)
            assert.ok(done.has(`mortal run ${id}`), id);
      },
      "runs: attempts of a task have one idempotency key": () => {
        const keys = new Map<string, string>();
        for (const { tag, key } of effects.all())
          if (tag.startsWith("mortal ")) {
            assert.equal(keys.get(tag) ?? key, key);
            keys.set(tag, key);
          }
      },
      "runs: a retried run keeps its whole history": async () => {
        const types: string[] = [];
        for await (const { type } of tutti.runs.get("again").events()) if (ends.test(type)) types.push(type);
        const cancelled = types.filter((type) => type === "run_cancelled").length;
        assert.ok(cancelled >= cancels && cancels > 0, `${cancelled} of ${cancels}: ${types}`);
        assert.equal(types.at(-1), "run_completed");
      },
    },
  };
}

/** Ignores the error if an earlier call, whose reply was lost, has already taken effect. */
function unlessDone(error: unknown): void {
  if (!isTuttiError(error) || error.status !== "FAILED_PRECONDITION") throw error;
}
