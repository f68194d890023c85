/** Starts second copies of those that have straggled. */
import type { PoolCore } from "../books.ts";
import type { Task, Twin } from "../parts.ts";
import { assign } from "./attempts.ts";
import { twinOf } from "./copies.ts";
import { OfferedTask } from "./task.ts";

const never = Number.POSITIVE_INFINITY;
/** How long a straggler waits before a place for its copy is looked for again. */
const againMs = 250;

/** Gives second copies to those that have straggled, as far as there is room that no other task wants. */
export function doubleStragglers(core: PoolCore, nowMs: number): number {
  if (core.stragglers.length === 0) return 0;
  let doubled = 0;
  let slots = 0;
  for (const agent of core.roster.agents.values()) slots += agent.slots;
  const mayBe = Math.ceil(core.settings.doubling.maxShare * slots);
  for (const task of core.stragglers.splice(0)) {
    const { twin, agent } = task;
    if (twin === undefined || agent === undefined || task.stage !== "working") continue;
    const place = core.copies < mayBe ? core.matcher.another(task, agent) : undefined;
    if (place === undefined) twin.straggleDueMs = nowMs + againMs;
    else {
      const copy = copyOf(core, task, twin);
      core.queued++;
      assign(core, copy, place.agent, place.match, nowMs);
      doubled++;
    }
    core.watch(task);
  }
  return doubled;
}

function copyOf(core: PoolCore, task: Task, twin: Twin): Task {
  const copy = new OfferedTask(core, { ...task.offer, token: freshToken(core) }, task.profile, task.readyMs);
  copy.demand = task.demand;
  copy.demand.uses++;
  copy.twin = twinOf(task, never);
  // Its times are the original's, with which it ends.
  copy.runMs = 0;
  twin.copy = copy;
  core.copies++;
  core.tasks.set(copy.offer.token, copy);
  return copy;
}

function freshToken({ chance, tasks }: PoolCore): Uint8Array {
  for (;;) {
    const token = new Uint8Array(16);
    const words = new DataView(token.buffer);
    for (let at = 0; at < 16; at += 4) words.setUint32(at, Math.floor(chance.random() * 2 ** 32));
    if (tasks.get(token) === undefined) return token;
  }
}
