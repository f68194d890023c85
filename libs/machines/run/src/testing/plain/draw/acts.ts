/** Draws acts of people on a run. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { PlannedAct } from "../drawn-run.ts";
import type { Act, Repair } from "../moments.ts";
import { people } from "../signals.ts";
import type { Random } from "./random.ts";

export function drawActs(random: Random, tasks: Readonly<Record<string, TaskDocument>>): PlannedAct[] {
  const acts: Act[] = [];
  const ids = Object.keys(tasks);
  const add = (share: number, draw: () => Act, most = 2) => {
    for (let time = 0; time < most; time++) if (random.happens(share)) acts.push(draw());
  };
  const signal = (): Act => ({
    kind: "signal",
    signal: random.pick("go", "stop"),
    payload: { n: random.integer(1, 3) },
  });
  const awaitsSignals = /"signal"|"on"/.test(JSON.stringify(tasks)) || random.may("states");
  if (awaitsSignals) add(0.6, signal, 3);
  if (random.may("updates"))
    add(
      0.6,
      () => ({
        kind: "update",
        update: random.pick("add", "add", "other"),
        payload: random.pick<Json>(1, 2, 0, "x"),
      }),
      3,
    );
  if (random.may("approve") || random.may("checks")) add(0.5, () => drawDecision(random, tasks), 4);
  if (random.may("pause")) {
    add(0.5, () => ({ kind: "pause" }));
    add(0.5, () => ({ kind: "resume", ...(random.happens(0.3) && { taskIds: [idOf(random, ids)] }) }));
  }
  if (random.may("repair"))
    add(0.5, () => ({ kind: "repair", taskId: idOf(random, ids), repair: drawRepair(random) }), 3);
  if (random.may("retry")) add(0.6, () => drawRetry(random, ids), 3);
  if (random.may("reset")) add(0.5, () => ({ kind: "reset", share: random.share() }), 2);
  add(0.1, () => ({ kind: "cancel" }), 1);
  add(0.04, () => ({ kind: "terminate" }), 1);
  const shuffled = acts
    .map((act) => ({ act, place: random.share() }))
    .sort((one, other) => one.place - other.place);
  return shuffled.map(({ act }) => ({ act, after: random.share() }));
}

function idOf(random: Random, ids: readonly string[]): string {
  const id = ids[random.integer(0, ids.length - 1)] ?? "nobody";
  return random.happens(0.2) ? `${id}[${random.integer(0, 2)}]` : id;
}

function drawRetry(random: Random, ids: readonly string[]): Act {
  return {
    kind: "retry",
    ...(random.happens(0.3) && { taskIds: [ids[random.integer(0, ids.length - 1)] ?? "nobody"] }),
  };
}

function drawRepair(random: Random): Repair {
  return random.pick<Repair>(
    { output: random.pick<Json>(null, 1, "mended", { n: 2 }, ["a"]) },
    { error: "t.hand" },
    { skips: "alone" },
    { skips: "dependents" },
  );
}

function drawDecision(random: Random, tasks: Readonly<Record<string, TaskDocument>>): Act {
  const askingTasks = Object.entries(tasks).flatMap(([id, { approve, checks }]) =>
    (approve ?? checks) ? [id] : [],
  );
  const taskId = idOf(random, askingTasks);
  const person = random.pick(...people);
  const data = random.pick<{ readonly data?: Json }>(
    {},
    {},
    { data: { n: 2 } },
    { data: { n: "x" } },
    { data: 1 },
  );
  return { kind: "decide", taskId, person, verdict: random.pick("yes", "yes", "no"), ...data };
}
