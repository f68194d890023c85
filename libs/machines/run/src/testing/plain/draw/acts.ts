/** Draws what people do to a run. */
import type { TaskDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { PlannedAct } from "../drawn-run.ts";
import type { Act, Repair } from "../moments.ts";
import { people } from "../signals.ts";
import type { Luck } from "./luck.ts";

export function drawActs(luck: Luck, tasks: Readonly<Record<string, TaskDocument>>): PlannedAct[] {
  const acts: Act[] = [];
  const ids = Object.keys(tasks);
  const add = (share: number, draw: () => Act, most = 2) => {
    for (let time = 0; time < most; time++) if (luck.happens(share)) acts.push(draw());
  };
  const signal = (): Act => ({
    kind: "signal",
    signal: luck.one("go", "stop"),
    payload: { n: luck.whole(1, 3) },
  });
  const isAsked = /"signal"|"on"/.test(JSON.stringify(tasks)) || luck.may("states");
  if (isAsked) add(0.6, signal, 3);
  if (luck.may("updates"))
    add(
      0.6,
      () => ({
        kind: "update",
        update: luck.one("add", "add", "other"),
        payload: luck.one<Json>(1, 2, 0, "x"),
      }),
      3,
    );
  if (luck.may("approve") || luck.may("checks")) add(0.5, () => drawDecision(luck, tasks), 4);
  if (luck.may("pause")) {
    add(0.5, () => ({ kind: "pause" }));
    add(0.5, () => ({ kind: "resume", ...(luck.happens(0.3) && { taskIds: [idOf(luck, ids)] }) }));
  }
  if (luck.may("repair"))
    add(0.5, () => ({ kind: "repair", taskId: idOf(luck, ids), repair: drawRepair(luck) }), 3);
  if (luck.may("retry")) add(0.6, () => drawRetry(luck, ids), 3);
  if (luck.may("reset")) add(0.5, () => ({ kind: "reset", share: luck.share() }), 2);
  add(0.1, () => ({ kind: "cancel" }), 1);
  add(0.04, () => ({ kind: "terminate" }), 1);
  const shuffled = acts
    .map((act) => ({ act, place: luck.share() }))
    .sort((one, other) => one.place - other.place);
  return shuffled.map(({ act }) => ({ act, after: luck.share() }));
}

function idOf(luck: Luck, ids: readonly string[]): string {
  const id = ids[luck.whole(0, ids.length - 1)] ?? "nobody";
  return luck.happens(0.2) ? `${id}[${luck.whole(0, 2)}]` : id;
}

function drawRetry(luck: Luck, ids: readonly string[]): Act {
  return {
    kind: "retry",
    ...(luck.happens(0.3) && { taskIds: [ids[luck.whole(0, ids.length - 1)] ?? "nobody"] }),
  };
}

function drawRepair(luck: Luck): Repair {
  return luck.one<Repair>(
    { output: luck.one<Json>(null, 1, "mended", { n: 2 }, ["a"]) },
    { error: "t.hand" },
    { skips: "alone" },
    { skips: "dependents" },
  );
}

function drawDecision(luck: Luck, tasks: Readonly<Record<string, TaskDocument>>): Act {
  const asking = Object.entries(tasks).flatMap(([id, { approve, checks }]) =>
    (approve ?? checks) ? [id] : [],
  );
  const taskId = idOf(luck, asking);
  const who = luck.one(...people);
  const data = luck.one<{ readonly data?: Json }>(
    {},
    {},
    { data: { n: 2 } },
    { data: { n: "x" } },
    { data: 1 },
  );
  return { kind: "decide", taskId, who, says: luck.one("yes", "yes", "no"), ...data };
}
