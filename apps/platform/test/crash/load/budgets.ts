/** A run, a mission and a session in parts that have more tasks than their budgets allow. */
import assert from "node:assert/strict";
import { until } from "@tutti/kernel/testing";
import type { SessionHandle } from "@tutti/sdk/client";
import { retryUntilDone } from "../../support/killed.ts";
import type { LoadPart, Stage } from "../load-part.ts";

const [tokens, each, count] = [30, 3, 14];
const modes = { run: "workflow", mission: "swarm", parts: "hybrid" } as const;
type Kind = keyof typeof modes;

export function budgets({ tutti, effects }: Stage): LoadPart {
  const started: string[] = [];

  /** Counts attempts as the worker saw them. A repeated assignment of an attempt counts once. */
  function spentBy(id: string): number {
    const attempts = new Set<string>();
    for (const { kind, tag, task, attempt } of effects.all())
      if (kind === "start" && tag === `budget ${id}`) attempts.add(`${task} ${attempt}`);
    return each * attempts.size;
  }

  function tasksOf(kind: Kind, id: string) {
    const task = (name: string, needs: readonly string[] = []) => ({
      ...{ id: name, needs, uses: "crash.spend", input: { tag: `budget ${id}`, takesMs: 300 } },
      ...{ attempts: 3, estimate: { tokens: each } },
    });
    const chain = ["one", "two", "three", "four"].map((name, at, all) =>
      task(name, all.slice(Math.max(0, at - 1), at)),
    );
    return [
      ...(kind === "parts" ? chain : []),
      ...Array.from({ length: count }, (_, at) =>
        // Two chains take long enough for a kill in the middle.
        task(`t${at}`, kind === "parts" || at < 2 ? [] : [`t${at - 2}`]),
      ),
    ];
  }

  async function useUp(kind: Kind, session: SessionHandle): Promise<void> {
    if (kind === "run") {
      await assert.rejects(session.result(), ({ cause }) => /budget of .* used up/.test(String(cause)));
      return;
    }
    // A mission asks a user for more budget. No user answers in this test, so the mission is cancelled.
    const rests = () =>
      until(`${session.id} to have nothing running`, async () => {
        const { tasks } = await retryUntilDone(() => session.get());
        return (tasks?.running ?? 0) + (tasks?.queued ?? 0) === 0 && spentBy(session.id) > 0;
      });
    // After each move, a pool waits up to ten seconds for its agents. Six kills take longer than one deadline.
    await rests().catch(rests);
    // A session fails by itself if its part had nothing left.
    await retryUntilDone(() => session.cancel("nothing is left")).catch(() => {});
    await session.result().catch(() => {});
  }

  return {
    async round(number) {
      await Promise.all(
        (Object.keys(modes) as Kind[]).map(async (kind) => {
          const id = `${kind}-${number}`;
          const options = { id, mode: modes[kind], budget: { tokens }, tasks: tasksOf(kind, id) };
          const session = await retryUntilDone(() => tutti.run(options));
          started.push(id);
          await useUp(kind, session);
        }),
      );
    },
    always: {
      "budgets: attempts use up no more than is allowed": () => {
        for (const id of started)
          assert.ok(spentBy(id) <= tokens, `${id} used up ${spentBy(id)} of ${tokens}`);
      },
    },
    atEnd: {
      "budgets: what is recorded is no more than is allowed": async () => {
        for (const id of started) {
          const { used } = await retryUntilDone(() => tutti.sessions.get(id).get());
          assert.ok(spentBy(id) > 0);
          assert.ok((used?.tokens ?? 0) <= tokens, `${id} has ${used?.tokens} of ${tokens}`);
        }
      },
    },
  };
}
