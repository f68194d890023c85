/**
 * Compares two agents, such as two prompts or two models, on the same cases: the share of correct outputs, the cost,
 * and whether the difference is significant.
 */
import type { AgentDocument } from "@tutti/definitions";
import type { Json } from "@tutti/expressions";
import { evaluateCondition } from "../agents/conditions.ts";
import type { DurableFunction } from "../functions/durable.ts";
import type { Worker } from "../worker/worker.ts";
import { WorkflowTestError } from "./fault.ts";
import type { HandlersInput } from "./handlers.ts";
import type { TestRun } from "./run.ts";
import { testWorkflow } from "./workflow-test.ts";

export interface AgentCase {
  /** Read by the templates of the agents: `${{ input.question }}`. */
  readonly input: Json;
  /** Seen by the score only. */
  readonly expected?: Json;
}

/** Input of a score. */
export interface ScoredCase extends AgentCase {
  readonly output: Json;
}

export interface CompareAgentsOptions {
  readonly one: AgentDocument;
  readonly other: AgentDocument;
  readonly cases: readonly AgentCase[];
  /** A condition over `input`, `expected` and `output`, or a function that returns 0 to 1: a judge model, a test. */
  readonly score: string | ((scored: ScoredCase) => number | boolean | Promise<number | boolean>);
  /** The function of agents: `agents()` of `@tutti/sdk/agents`. */
  readonly runner: DurableFunction<AgentDocument, Json>;
  /** The tools. Default: none. */
  readonly handlers?: HandlersInput;
  /** Timeout of a model or a tool in milliseconds of real time. Default: 10 min. */
  readonly patienceMs?: number;
}

export interface AgentScore {
  /** Mean of all cases. A case whose run fails counts 0. */
  readonly mean: number;
  readonly failed: number;
  /** Why they failed. Equal reasons are listed once. */
  readonly errors: readonly string[];
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** 0 if the prices of its models are not known. */
  readonly usd: number;
  /** Score of each case, in order. */
  readonly scores: readonly number[];
}

export interface ComparedAgents {
  readonly one: AgentScore;
  readonly other: AgentScore;
  /** Difference of `other` from `one`, with its 95 % confidence interval. */
  readonly difference: { readonly mean: number; readonly low: number; readonly high: number };
  /** The better agent. Empty if the difference is not significant. */
  readonly better: "one" | "other" | "";
}

const patienceDefaultMs = 600_000;
/** Quantile of the normal distribution for 95 %. */
const quantile = 1.96;

export async function compareAgents(options: CompareAgentsOptions): Promise<ComparedAgents> {
  if (options.cases.length === 0) throw new WorkflowTestError("`cases`: expected at least 1 case, got 0");
  const one = await scoreOf(options.one, options);
  const other = await scoreOf(options.other, options);
  const difference = intervalOf(other.scores.map((score, at) => score - (one.scores[at] ?? 0)));
  const better = difference.low > 0 ? "other" : difference.high < 0 ? "one" : "";
  return { one, other, difference, better };
}

export interface JudgeOptions {
  readonly model: string;
  /** Criteria of a good output. */
  readonly instructions: string;
  readonly runner: DurableFunction<AgentDocument, Json>;
}

/** Returns a score by a model, from 0 to 1. */
export function judgedBy({ model, instructions, runner }: JudgeOptions) {
  const schema = {
    type: "object",
    properties: { score: { type: "number", minimum: 0, maximum: 1 } },
    required: ["score"],
  };
  const agent = { model, instructions, prompt: "${{ input }}", output: { schema } };
  const definition = {
    workflow: "judge",
    tasks: { judge: { agent, retry: 1 } },
    output: "${{ tasks.judge.output.score }}",
  };
  return (scored: ScoredCase): Promise<number> =>
    testWorkflow<ScoredCase, number>(definition as never, {
      ...{ handlers: (worker: Worker) => void worker.durable(runner), patienceMs: patienceDefaultMs },
    }).execute({ input: scored });
}

async function scoreOf(agent: AgentDocument, options: CompareAgentsOptions): Promise<AgentScore> {
  const { cases, runner, handlers = {}, patienceMs = patienceDefaultMs } = options;
  const definition = {
    workflow: "compare",
    tasks: { answer: { agent, retry: 1 } },
    output: "${{ tasks.answer.output }}",
  };
  const join = (worker: Worker) => void worker.durable(runner);
  const test = testWorkflow(definition as never, { handlers: [handlers, join], patienceMs });
  const scores: number[] = [];
  const errors = new Set<string>();
  const sum = { failed: 0, inputTokens: 0, outputTokens: 0, usd: 0 };
  for (const each of cases) {
    const run: TestRun<unknown> = await test.start({ input: each.input as never });
    try {
      const output = (await run.result()) as Json;
      scores.push(await scored({ ...each, output }, options.score));
    } catch (error) {
      // A run that waits for ever, and a score that fails, are faults of the comparison.
      if (error instanceof WorkflowTestError || run.failure === undefined) throw error;
      scores.push(0);
      sum.failed += 1;
      const failure = await run.failure();
      if (failure !== undefined) errors.add(`${failure.code}: ${failure.message}`);
    }
    const { inputTokens = 0, outputTokens = 0, usd = 0 } = usageOf(run);
    sum.inputTokens += inputTokens;
    sum.outputTokens += outputTokens;
    sum.usd += usd;
  }
  return { mean: meanOf(scores), ...sum, errors: [...errors], scores };
}

async function scored(scoredCase: ScoredCase, score: CompareAgentsOptions["score"]): Promise<number> {
  const { input, expected = null, output } = scoredCase;
  const found =
    typeof score === "string"
      ? evaluateCondition(score, { input, expected, output })
      : await score(scoredCase);
  const value = Number(found);
  if (found !== undefined && value >= 0 && value <= 1) return value;
  throw new WorkflowTestError(
    `\`score\`: expected true, false or a number from 0 to 1, got ${String(found)} for the output ${JSON.stringify(output)}`,
  );
}

interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly usd?: number;
}

/** Returns the last recorded use of an agent. */
function usageOf({ events }: TestRun<unknown>): Usage {
  const recorded = events.flatMap(({ type, details }) =>
    type === "step_recorded" ? [details["entry"] as { readonly id: string; readonly json?: string }] : [],
  );
  const { json } = recorded.findLast(({ id }) => id === "usage") ?? {};
  return json === undefined ? {} : (JSON.parse(json) as Usage);
}

/**
 * The interval of Agresti and Min for matched pairs: half a case is added to each of the four outcomes. It does not
 * call a difference sure because a few cases agree.
 */
function intervalOf(differences: readonly number[]): ComparedAgents["difference"] {
  const count = differences.length + 2;
  const center = differences.reduce((sum, each) => sum + each, 0) / count;
  const squares = differences.reduce((sum, each) => sum + each * each, 1) / count;
  const half = quantile * Math.sqrt((squares - center * center) / count);
  return { mean: meanOf(differences), low: Math.max(-1, center - half), high: Math.min(1, center + half) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}
