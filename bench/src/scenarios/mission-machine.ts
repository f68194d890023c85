import { orderOf, PlainMission, taskSpec } from "@tutti/machine-mission/testing";
import { alternate, type Contestant } from "../measure/rounds.ts";
import { rounded } from "../measure/statistics.ts";
import type { Result, Scenario } from "../scenario.ts";

type Figures = { readonly usPerOperation: number; readonly bytesPerOperation: number };

/**
 * What the mission machine alone costs: a task that begins, is claimed and completed, and a value written
 * to the blackboard. No journal and no agents: the times are those of the processor, and the bytes those of the events.
 */
export const missionMachineCost: Scenario = {
  name: "mission-machine",
  about:
    "what a mission's own decisions cost per task claimed and completed, and per value written to the blackboard",
  async *run(budget) {
    const sizes = [100, 1_000, 10_000, 100_000];
    const contestants = [...sizes.map(claims), ...[100, 10_000].map(writes)];
    const figures = await alternate(contestants, budget);
    for (const { name } of contestants) {
      const found = figures.get(name);
      if (found !== undefined) yield shown(name, found);
    }
  },
};

function shown(variant: string, { usPerOperation, bytesPerOperation }: Figures): Result {
  const us = Math.round(usPerOperation * 1_000) / 1_000;
  return { variant, usPerOperation: us, bytesPerOperation: rounded(bytesPerOperation) };
}

const agents = Array.from({ length: 100 }, (_, index) => `agent-${index}`);

function claims(count: number): Contestant<Figures> {
  const tasks = Array.from({ length: count }, (_, index) => taskSpec(`t${index}`));
  const order = orderOf({ tasks, assignment: 2 });
  const mission = new PlainMission();
  return {
    name: `begin, claim and complete, ${count} tasks`,
    measure: (seconds) =>
      measured(mission, seconds, () => {
        mission.begin(order, agents);
        let done = 0;
        while (mission.work(agents[done % agents.length] ?? "")) done += 1;
        return done;
      }),
  };
}

function writes(count: number): Contestant<Figures> {
  const order = orderOf({ stopConditions: [{ name: "never", condition: "board.never == 1" }] });
  const mission = new PlainMission();
  mission.begin(order, agents);
  let at = 0;
  return {
    name: `write, ${count} keys`,
    measure: (seconds) =>
      measured(mission, seconds, () => {
        for (let each = 0; each < 1_000; each++) mission.write(`key-${at++ % count}`);
        return 1_000;
      }),
  };
}

async function measured(mission: PlainMission, seconds: number, work: () => number): Promise<Figures> {
  const untilMs = performance.now() + seconds * 1_000;
  const cpu = process.threadCpuUsage();
  const bytesBefore = mission.bytes;
  let operations = 0;
  do operations += work();
  while (performance.now() < untilMs);
  const { user, system } = process.threadCpuUsage(cpu);
  return {
    usPerOperation: (user + system) / operations,
    bytesPerOperation: (mission.bytes - bytesBefore) / operations,
  };
}
