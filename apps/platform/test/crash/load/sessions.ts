/**
 * Sessions in every mode, with an orchestrator of their own, with a goal, and with a dependency on another session. All
 * of them are watched.
 */
import assert from "node:assert/strict";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { SessionHandle } from "@tutti/sdk/client";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const modes = [
  ...(["workflow", "swarm", "intelligence", "hybrid", "adaptive"] as const),
  { orchestrator: "crash.eager" },
] as const;
const links = 3;
const bag = 3;

function tasksOf(id: string) {
  const sum = (task: string, needs: readonly string[]) => ({
    ...{ id: task, uses: "crash.sum", needs, attempts: 3 },
    input: { tag: `session ${id}/${task}`, of: needs.map((each) => `\${{ tasks.${each}.output }}`) },
  });
  return [
    ...Array.from({ length: links }, (_, n) => sum(`link${n}`, n === 0 ? [] : [`link${n - 1}`])),
    ...Array.from({ length: bag }, (_, n) => sum(`bag${n}`, ["link0"])),
    sum("knot", [`link${links - 1}`, "bag0"]),
  ];
}

const outputs: Record<string, number> = { knot: 1 + links + 2 };
for (let n = 0; n < links; n++) outputs[`link${n}`] = n + 1;
for (let n = 0; n < bag; n++) outputs[`bag${n}`] = 2;
const goalOutputs = { one: 1, two: 1 };

export function sessions({ tutti, effects }: Stage): LoadPart {
  const acknowledged = new Map<string, number>();
  const expected = new Set<string>();
  /** The last status that each watch saw. */
  const watched = new Map<string, WorkStatus | undefined>();

  async function play(session: SessionHandle, output: Readonly<Record<string, number>>): Promise<void> {
    const { id } = session;
    acknowledged.set(id, Object.keys(output).length);
    const watching = (async () => {
      for await (const { session: update } of session.watch())
        watched.set(id, update?.status ?? watched.get(id));
    })();
    const [result] = await Promise.all([session.result(), watching]);
    assert.deepEqual(result, output, id);
  }

  async function start(id: string, mode: (typeof modes)[number], after: readonly string[] = []) {
    const tasks = tasksOf(id);
    const session = await retryUntilDone(() => tutti.run({ id, tasks, mode, after }));
    for (const { input } of tasks) expected.add(input.tag);
    return session;
  }

  return {
    async round(number) {
      const named = modes.map((mode) => ({ id: `${number}-${modeName(mode)}`, mode }));
      const started = await Promise.all(named.map(({ id, mode }) => start(id, mode)));
      started.push(await start(`${number}-later`, "workflow", [`${number}-swarm`]));
      const goal = await retryUntilDone(() => tutti.run({ id: `${number}-goal`, goal: "one and one" }));
      await Promise.all([...started.map((session) => play(session, outputs)), play(goal, goalOutputs)]);
    },
    always: {
      "sessions: no effect is doubled": () => {
        effects.assertNoneTwice("session ");
        effects.assertNoneTwice("goal ");
      },
      "sessions: an acknowledged start exists": async () => {
        for (const id of [...acknowledged.keys()].slice(-modes.length))
          assert.ok((await retryUntilDone(() => tutti.sessions.get(id).get())).createTime !== undefined, id);
      },
    },
    atEnd: {
      "sessions: each effect is there once": () => effects.assertOnce("session ", expected),
      "sessions: each ends once, and counts each task once": async () => {
        for (const [id, count] of acknowledged) {
          const { status, tasks } = await retryUntilDone(() => tutti.sessions.get(id).get());
          assert.equal(status, WorkStatus.WORK_STATUS_COMPLETED, id);
          assert.deepEqual([tasks?.completed, tasks?.total], [count, count], id);
        }
      },
      "sessions: tasks keep the order of their needs": () => {
        const times = timesOf(effects.all());
        for (const id of acknowledged.keys()) {
          if (id.endsWith("-goal")) continue;
          for (const { id: task, needs } of tasksOf(id))
            for (const need of needs)
              assert.ok(
                (times.get(`session ${id}/${need}`)?.end ?? Number.POSITIVE_INFINITY) <
                  (times.get(`session ${id}/${task}`)?.start ?? 0),
                `${task} of ${id} starts after ${need}`,
              );
        }
      },
      "sessions: one that waits for another starts after it": () => {
        const times = timesOf(effects.all());
        for (const id of acknowledged.keys()) {
          if (!id.endsWith("-later")) continue;
          const other = id.replace("-later", "-swarm");
          const first = times.get(`session ${id}/link0`)?.start ?? 0;
          for (const { input } of tasksOf(other)) assert.ok((times.get(input.tag)?.end ?? first) < first, id);
        }
      },
      "sessions: watches continue and see the end": () => {
        const open = [...acknowledged.keys()].filter(
          (id) => watched.get(id) !== WorkStatus.WORK_STATUS_COMPLETED,
        );
        assert.deepEqual(open, []);
      },
    },
  };
}

function modeName(mode: (typeof modes)[number]): string {
  return typeof mode === "string" ? mode : "led";
}

/** Positions in the log. */
function timesOf(all: ReturnType<Stage["effects"]["all"]>) {
  const times = new Map<string, { start: number; end: number }>();
  for (const [at, { kind, tag }] of all.entries()) {
    const known = times.get(tag) ?? { start: at, end: Number.POSITIVE_INFINITY };
    times.set(tag, kind === "end" ? { ...known, end: at } : known);
  }
  return times;
}
