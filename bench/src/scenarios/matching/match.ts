import { alternate } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { batch, Rig } from "./rig.ts";

const agents = 1_000;
const slots = 4;

/** Tasks that wait, beside those at work. */
const depths = [1, 100, 10_000];

/**
 * One task's whole way through a pool, without bytes: offered, matched, answered, durable. Frames have 64 tasks, as under
 * load; the agents' and the senders' part in it, making the messages, is about a third.
 */
export const match: Scenario = {
  name: "match",
  about: `tasks per second through a pool with ${agents.toLocaleString("en")} agents, and with one, by how many wait`,
  async *run(budget) {
    for (const count of [1, agents]) {
      const contestants = depths.map((queued) => {
        const rig = new Rig();
        rig.join(count, count === 1 ? 1_000 : slots);
        const sender = rig.sender({});
        // All slots are taken, and so many wait besides.
        sender.offer((count === 1 ? 1_000 : count * slots) + queued);
        rig.turn();
        const step = Math.min(batch, queued);
        const measure = async (seconds: number) => {
          const untilMs = performance.now() + seconds * 1_000;
          const startMs = performance.now();
          const before = rig.ended;
          const cpu = process.threadCpuUsage();
          while (performance.now() < untilMs) {
            rig.answer(step);
            sender.exchange(step);
            rig.turn();
            rig.nowMs += 0.01;
          }
          const tasks = rig.ended - before;
          const offersPerSec = (1_000 * tasks) / (performance.now() - startMs);
          const { user, system } = process.threadCpuUsage(cpu);
          return { offersPerSec, usPerTask: (user + system) / tasks };
        };
        return { name: String(queued), measure };
      });
      for (const [queued, { offersPerSec, usPerTask }] of await alternate(contestants, budget))
        yield {
          variant: `${count} agents, ${queued} queued`,
          agents: count,
          queued: Number(queued),
          offersPerSec: rounded(offersPerSec),
          usPerTask: rounded(usPerTask),
        };
    }
  },
};
