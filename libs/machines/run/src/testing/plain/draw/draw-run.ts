/** Draws definitions with all words that the interpreter knows, scripts for them, and what people do to their runs. */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import type { Chance } from "@tutti/kernel";
import { type DrawnRun, isRunnable } from "../drawn-run.ts";
import { drawActs } from "./acts.ts";
import { type Feature, features, Luck } from "./luck.ts";
import { States } from "./states.ts";
import { Tasks } from "./tasks.ts";
import { type Sight, Values } from "./values.ts";

const drawsMax = 400;

/**
 * One that can be run, from a stream of chance.
 *
 * @param wanted what there may be beside plain tasks
 * @param share how much of that there is
 */
export function drawRun(chance: Chance, wanted: readonly Feature[] = features, share?: number): DrawnRun {
  for (let draws = 0; draws < drawsMax; draws++) {
    const drawn = draw(new Luck(chance, wanted, share));
    if (isRunnable(drawn)) return drawn;
  }
  throw new Error(`expected one of ${drawsMax} definitions to be sound, found none`);
}

const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

function draw(luck: Luck): DrawnRun {
  const values = new Values(luck);
  const tasks = new Tasks(luck, values);
  const areStates = luck.may("states") && luck.happens(0.5);
  const hasVars = areStates || luck.may("updates");
  const more = hasVars ? ["vars.count", "vars.count"] : [];
  const drawn = areStates ? {} : tasks.beside(ids.slice(0, luck.skewed(1, 10)), more);
  const document: WorkflowDocument = {
    workflow: "drawn",
    ...(areStates ? new States(luck, values, tasks).all() : { tasks: drawn }),
    ...(hasVars && { vars: { count: 0 } }),
    ...(luck.may("updates") && updates),
    ...(luck.happens(0.15) && { onFailure: "keep" }),
    ...(luck.may("timeouts") && luck.happens(0.2) && { timeout: luck.one("3s", "20s") }),
    ...(luck.may("limits") && luck.happens(0.6) && limits),
    ...outputOf(luck, values, areStates ? [] : Object.keys(drawn), more),
    ...(luck.may("continue") && luck.happens(0.6) && goesOn(luck)),
  };
  const input = {
    n: luck.whole(0, 3),
    text: "x",
    items: luck.one<Json>([], ["a"], ["a", "skip", "b"], [1, 2, 3, 4]),
  };
  return { document, input, script: tasks.script, acts: drawActs(luck, drawn) };
}

function outputOf(luck: Luck, values: Values, known: readonly string[], more: readonly string[]) {
  if (luck.happens(0.5)) return {};
  const needs: Sight["needs"] = new Map(known.map((id) => [id, "always"]));
  return { output: values.data({ needs, isEntry: false, isRound: false, more }) };
}

const updates = {
  updates: {
    add: {
      validate: "payload > 0",
      set: { count: "${{ vars.count + payload }}" },
      output: { was: "${{ payload }}", is: "${{ vars.count }}" },
    },
  },
} satisfies Partial<WorkflowDocument>;

const limits = { limits: [{ key: "shared", concurrency: 1 }] } satisfies Partial<WorkflowDocument>;

function goesOn(luck: Luck): Partial<WorkflowDocument> {
  const withInput = { with: { items: "${{ input.items }}", n: "${{ input.n + 1 }}", text: "x" } };
  // What works on the same each time has to count.
  return luck.happens(0.2)
    ? { continueAsNew: { when: "run.incarnation < 3" } }
    : { continueAsNew: { when: luck.one("run.incarnation < 3", "input.n < 2"), ...withInput } };
}
