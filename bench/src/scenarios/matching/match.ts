import { alternate, type Contestant } from "../../measure/rounds.ts";
import { rounded } from "../../measure/statistics.ts";
import type { Scenario } from "../../scenario.ts";
import { Floor } from "./floor.ts";
import { batch, Rig } from "./rig.ts";

/** Tasks that wait, beside those at work. */
const depths = [1, 100, 10_000];
const pools = [
  { agents: 1, slots: 1_000 },
  { agents: 1_000, slots: 4 },
];

type Figures = { readonly offersPerSec: number; readonly usPerTask: number };

/**
 * One task's whole way through a pool, without bytes: offered, matched, answered, durable. As many tasks per frame as wait,
 * at most 64. The times are those of the processor: threads beside this one do not count. The floor is the least that
 * anybody with these messages does.
 */
export const match: Scenario = {
  name: "match",
  about:
    "tasks per second through a pool, by agents and by how many tasks wait, beside the least that anybody does",
  async *run(budget) {
    for (const { agents, slots } of pools) {
      const contestants = depths.flatMap((queued) => [
        poolOf(agents, slots, queued),
        floorOf(queued, Math.min(batch, queued)),
      ]);
      const figures = await alternate(contestants, budget);
      for (const queued of depths) {
        const ours = figures.get(`pool ${queued}`);
        const floor = figures.get(`floor ${queued}`);
        if (ours === undefined || floor === undefined) continue;
        yield {
          variant: `${agents} agents, ${queued} queued`,
          agents,
          queued,
          offersPerSec: rounded(ours.offersPerSec),
          usPerTask: rounded(ours.usPerTask),
          floorUsPerTask: rounded(floor.usPerTask),
          factor: rounded(ours.usPerTask / floor.usPerTask),
        };
      }
    }
  },
};

function poolOf(agents: number, slots: number, queued: number): Contestant<Figures> {
  const rig = new Rig();
  rig.join(agents, slots);
  const sender = rig.sender({});
  // All slots are taken, and so many wait besides.
  sender.offer(agents * slots + queued);
  rig.turn();
  const count = Math.min(batch, queued);
  const step = () => {
    rig.answer(count);
    sender.exchange(count);
    rig.turn();
    rig.nowMs += 0.01;
    return count;
  };
  return { name: `pool ${queued}`, measure: (seconds) => measured(step, seconds) };
}

function floorOf(queued: number, count: number): Contestant<Figures> {
  const floor = new Floor(queued);
  const step = () => {
    floor.step(count);
    return count;
  };
  return { name: `floor ${queued}`, measure: (seconds) => measured(step, seconds) };
}

async function measured(step: () => number, seconds: number): Promise<Figures> {
  const startMs = performance.now();
  const cpu = process.threadCpuUsage();
  let tasks = 0;
  while (performance.now() < startMs + seconds * 1_000) tasks += step();
  const offersPerSec = (1_000 * tasks) / (performance.now() - startMs);
  const { user, system } = process.threadCpuUsage(cpu);
  return { offersPerSec, usPerTask: (user + system) / tasks };
}
