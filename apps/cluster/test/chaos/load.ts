/** A steady load of chains, graphs, missions and sessions. The output of each shows whether it is correct. */
import { randomUUID } from "node:crypto";
import { type Chance, silentLogger } from "@tutti/kernel";
import { Worker } from "@tutti/sdk";
import type { Front } from "./front.ts";

const kinds = ["chain", "graph", "mission", "session"] as const;
type Kind = (typeof kinds)[number];

interface Input {
  readonly seen: readonly string[];
}

const chainLength = 5;

const definitions = [
  `workflow: chaos-one
tasks:
  only: {uses: chaos.step, with: {seen: []}}
output: "\${{ tasks.only.output }}"
`,
  `workflow: chaos-chain
tasks:
  step1: {uses: chaos.step, with: {seen: []}}
${Array.from({ length: chainLength - 1 }, (_, index) => `  step${index + 2}: {needs: [step${index + 1}], uses: chaos.step, with: {seen: "\${{ tasks.step${index + 1}.output.seen }}"}}`).join("\n")}
output: "\${{ tasks.step${chainLength}.output }}"
`,
  `workflow: chaos-graph
tasks:
  first: {uses: chaos.step, with: {seen: []}}
  left: {needs: [first], uses: chaos.step, with: {seen: "\${{ tasks.first.output.seen }}"}}
  right: {needs: [first], uses: chaos.step, with: {seen: "\${{ tasks.first.output.seen }}"}}
  last: {needs: [left, right], uses: chaos.step, with: {seen: "\${{ tasks.left.output.seen + tasks.right.output.seen }}"}}
output: "\${{ tasks.last.output }}"
`,
];

/** Three tasks in the form of the contracts, for missions and sessions. */
const tasks = ["a", "b", "c"].map((id, index, all) => ({
  id,
  capability: "chaos.step",
  ...(index > 0 && { needs: [{ task: all[index - 1] }] }),
  input: { seen: index === 0 ? [] : `\${{ tasks.${all[index - 1]}.output.seen }}` },
}));

const lengths: Readonly<Record<Kind, number>> = { chain: chainLength, graph: 5, mission: 3, session: 3 };

/** An acknowledged piece of work. */
interface Acknowledged {
  readonly kind: Kind;
  readonly id: string;
}

export interface LoadReport {
  readonly acknowledged: Readonly<Record<Kind, number>>;
  /** Wrong pieces of work, each with the fault. */
  readonly wrong: readonly string[];
  /** Attempts of agents, including those without effect. */
  readonly attempts: number;
}

/**
 * Each step returns its input with a new number appended, and records both. So the output of a piece of work names one
 * attempt for each of its steps. The input of each attempt must be the output of the steps before it. This reveals steps
 * that took effect twice, were invented, or lost their input.
 */
export class Load {
  readonly #front: Front;
  readonly #chance: Chance;
  readonly #run: string;
  readonly #acknowledged: Acknowledged[] = [];
  readonly #inputs = new Map<string, string>();
  readonly #workers: readonly Worker[];
  #number = 0;

  /** @param links addresses to which workers connect */
  constructor(front: Front, chance: Chance, run: string, links: readonly string[]) {
    this.#front = front;
    this.#chance = chance;
    this.#run = run;
    this.#workers = links.map((_, first) => {
      // Each worker prefers another address, and uses the others if that one is unreachable.
      const address = [...links.slice(first), ...links.slice(0, first)];
      const worker = new Worker({ slots: 64, address }, { logger: silentLogger });
      worker.handle("chaos.step", async ({ seen }: Input) => {
        const own = randomUUID();
        this.#inputs.set(own, seen.join());
        return { seen: [...seen, own] };
      });
      return worker;
    });
  }

  async prepare(signal: AbortSignal): Promise<void> {
    for (const worker of this.#workers) await worker.start();
    for (const text of definitions)
      await this.#front.retryUntilDone("POST", "/v1/workflows", { format: "yaml", text }, signal);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }

  get count(): number {
    return this.#acknowledged.length;
  }

  /** Starts work in sequence until the signal aborts. */
  async client(pauseMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const kind = kinds[Math.floor(this.#chance.random() * kinds.length)] ?? "chain";
      await this.#startWork(kind, `${this.#run}-${kind}-${this.#number++}`, signal);
      await new Promise((resolve) => setTimeout(resolve, pauseMs * (0.5 + this.#chance.random())));
    }
  }

  /** Starts a run of one step, and resolves when its end is known. */
  async probe(id: string, signal: AbortSignal): Promise<void> {
    await this.#start("/v1/runs", { runId: id, definition: { name: "chaos-one" } }, signal);
    await this.#outcome(`/v1/runs/${id}/result?waitMs=5000`, signal);
  }

  /** Waits for the end of all acknowledged work, and checks the outputs. */
  async judge(signal: AbortSignal): Promise<LoadReport> {
    const wrong: string[] = [];
    const remaining = this.#acknowledged.values();
    const checkNext = async (): Promise<void> => {
      for (const { kind, id } of remaining) {
        const path = { chain: "runs", graph: "runs", mission: "missions", session: "sessions" }[kind];
        const problem = await this.#outcome(`/v1/${path}/${id}/result?waitMs=20000`, signal).then(
          (body) => this.#wrongOf(kind, body),
          (error: unknown) => String(error),
        );
        if (problem !== undefined) wrong.push(`${kind} ${id}: ${problem}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, checkNext));
    const acknowledged = Object.fromEntries(
      kinds.map((kind) => [kind, this.#acknowledged.filter((work) => work.kind === kind).length]),
    ) as Record<Kind, number>;
    return { acknowledged, wrong, attempts: this.#inputs.size };
  }

  async #startWork(kind: Kind, id: string, signal: AbortSignal): Promise<void> {
    const [path, body] = {
      chain: ["/v1/runs", { runId: id, definition: { name: "chaos-chain" } }],
      graph: ["/v1/runs", { runId: id, definition: { name: "chaos-graph" } }],
      mission: ["/v1/missions", { missionId: id, spec: { tasks, output: "tasks.c.output" } }],
      session: ["/v1/sessions", { sessionId: id, tasks: { tasks } }],
    }[kind] as [string, unknown];
    try {
      await this.#start(path, body, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    this.#acknowledged.push({ kind, id });
  }

  async #start(path: string, body: unknown, signal: AbortSignal): Promise<void> {
    const answer = await this.#front.retryUntilDone("POST", path, body, signal);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Returns the body of a reply with an outcome. */
  // biome-ignore lint/suspicious/noExplicitAny: as it comes from JSON
  async #outcome(path: string, signal: AbortSignal): Promise<any> {
    for (;;) {
      const { status, body } = await this.#front.retryUntilDone("GET", path, undefined, signal);
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      if (body.outcome !== undefined) return body;
      if (signal.aborted) throw new Error(`has not ended: ${JSON.stringify(body).slice(0, 300)}`);
    }
  }

  // biome-ignore lint/suspicious/noExplicitAny: as it comes from JSON
  #wrongOf(kind: Kind, body: any): string | undefined {
    const completed = body.outcome.completed;
    if (completed === undefined) return `ended with ${JSON.stringify(body.outcome).slice(0, 300)}`;
    const seen: readonly string[] | undefined = kind === "session" ? completed.c?.seen : completed.seen;
    if (seen === undefined) return `gave ${JSON.stringify(completed).slice(0, 300)}`;
    if (seen.length !== lengths[kind]) return `has ${seen.length} steps of ${lengths[kind]}`;
    return kind === "graph" ? this.#wrongGraph(seen) : this.#wrongChain(seen);
  }

  #wrongChain(seen: readonly string[]): string | undefined {
    const at = seen.findIndex((own, index) => this.#inputs.get(own) !== seen.slice(0, index).join());
    return at < 0 ? undefined : `step ${at + 1} was not given what the steps before gave`;
  }

  /** Checks a graph: the first step, the left and the right step after it, and the last step. */
  #wrongGraph(seen: readonly string[]): string | undefined {
    const [first = "", left = "", repeated, right = "", last = ""] = seen;
    if (first !== repeated) return "the first step took effect twice";
    const expected: readonly [string, string][] = [
      [first, ""],
      [left, first],
      [right, first],
      [last, [first, left, first, right].join()],
    ];
    const wrong = expected.find(([own, before]) => this.#inputs.get(own) !== before);
    return wrong && "a step was not given what the steps before gave";
  }
}
