/**
 * Draws definitions with all words that the interpreter knows, scripts for them, and acts of people on their
 * runs.
 */
import type { WorkflowDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { type Chance, stableHash } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { type DrawnRun, isRunnable, type PlannedAct } from "../drawn-run.ts";
import type { Answer, PlainRule } from "../script.ts";
import { people } from "../signals.ts";
import { drawActs } from "./acts.ts";
import { type Feature, features, Random } from "./random.ts";
import { States } from "./states.ts";
import { Tasks } from "./tasks.ts";
import { type Sight, Values } from "./values.ts";

const drawsMax = 400;

/**
 * Draws a run that can be executed, from a random stream.
 *
 * @param allowed features that it may have besides plain tasks
 * @param share share of these features
 */
export function drawRun(chance: Chance, allowed: readonly Feature[] = features, share?: number): DrawnRun {
  for (let draws = 0; draws < drawsMax; draws++) {
    const others = allowed.filter((feature) => feature !== "rules");
    const drawn = draw(new Random(chance, others, share));
    if (isRunnable(drawn)) return allowed.includes("rules") ? withRules(drawn, share) : drawn;
  }
  throw new Error(`expected one of ${drawsMax} definitions to be sound, got none`);
}

/**
 * Some runs have rules that ask about outputs. They use a random stream of their own, so that everything else
 * stays unchanged.
 */
function withRules(run: DrawnRun, share: number | undefined): DrawnRun {
  const random = new Random(seededChance(stableHash(JSON.stringify(run))), ["rules"], share);
  if (!random.may("rules")) return run;
  const rule = (): PlainRule =>
    random.pick({ by: [], needed: 1 }, { by: ["anna"], needed: 1 }, { by: ["ben", "eve"], needed: 2 });
  const questions = () => (random.happens(0.3) ? [rule(), rule()] : [rule()]);
  const script: Record<string, readonly Answer[]> = { ...run.script };
  const tasks = Object.keys(run.document.tasks ?? {});
  for (const id of tasks) script[id] ??= [{ echoes: true }];
  for (const [id, answers] of Object.entries(script))
    script[id] = answers.map((answer) =>
      ("gives" in answer || "echoes" in answer) && random.happens(0.4)
        ? { ...answer, asks: questions() }
        : answer,
    );
  const [first, ...rest] = tasks;
  if (first === undefined) return { ...run, script };
  const decision = (): PlannedAct => {
    const [taskId, person] = [random.pick(first, ...rest), random.pick(...people)];
    return {
      act: { kind: "decide", taskId, person, verdict: random.pick("yes", "yes", "no") },
      after: random.share(),
    };
  };
  return { ...run, script, acts: [...run.acts, decision(), decision()] };
}

const ids = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

function draw(random: Random): DrawnRun {
  const values = new Values(random);
  const tasks = new Tasks(random, values);
  const areStates = random.may("states") && random.happens(0.5);
  const hasVars = areStates || random.may("updates");
  const more = hasVars ? ["vars.count", "vars.count"] : [];
  const drawn = areStates ? {} : tasks.siblings(ids.slice(0, random.skewed(1, 10)), more);
  const document: WorkflowDocument = {
    workflow: "drawn",
    ...(areStates ? new States(random, values, tasks).all() : { tasks: drawn }),
    ...(hasVars && { vars: { count: 0 } }),
    ...(random.may("updates") && updates),
    ...(random.happens(0.15) && { onFailure: "keep" }),
    ...(random.may("timeouts") && random.happens(0.2) && { timeout: random.pick("3s", "20s") }),
    ...(random.may("limits") && random.happens(0.6) && limits),
    ...outputOf(random, values, areStates ? [] : Object.keys(drawn), more),
    ...(random.may("continue") && random.happens(0.6) && continuation(random)),
  };
  const input = {
    n: random.integer(0, 3),
    text: "x",
    items: random.pick<Json>([], ["a"], ["a", "skip", "b"], [1, 2, 3, 4]),
  };
  return { document, input, script: tasks.script, acts: drawActs(random, drawn) };
}

function outputOf(random: Random, values: Values, known: readonly string[], more: readonly string[]) {
  if (random.happens(0.5)) return {};
  const needs: Sight["needs"] = new Map(known.map((id) => [id, "always"]));
  return { output: values.data({ needs, isEntry: false, isInRound: false, more }) };
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

function continuation(random: Random): Partial<WorkflowDocument> {
  const withInput = { with: { items: "${{ input.items }}", n: "${{ input.n + 1 }}", text: "x" } };
  // A continuation with the same input each time must count.
  return random.happens(0.2)
    ? { continueAsNew: { when: "run.incarnation < 3" } }
    : { continueAsNew: { when: random.pick("run.incarnation < 3", "input.n < 2"), ...withInput } };
}
