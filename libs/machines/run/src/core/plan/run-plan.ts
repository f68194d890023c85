/**
 * A plan as runs execute it: the plan, its programs, and results of lookups that every run would repeat. All
 * runs of the definition share it. Only cached lookups change it.
 */
import type { Payload } from "@tutti/contracts/types/v1";
import { type Plan, PlanPrograms, type PlanTask, type TaskPolicy, type Work } from "@tutti/definitions";
import { assert, type InstanceKey, type Unchanging } from "@tutti/kernel";
import { encodeJson, memberName, noBytes } from "@tutti/machine-work";
import { OfferProfile } from "./offer-profile.ts";
import { passThroughTasks, readsInput } from "./pass-through.ts";

/** The loaded plans of definitions. The host of runs implements this. */
export interface RunPlans {
  /** Returns the plan with this hash. Throws if it is not loaded. */
  plan(hash: string): RunPlan;
  /** Loads a plan. Returns undefined if it is loaded already. Absent if all plans are always loaded. */
  prepare?(namespace: string, hash: string): Promise<unknown> | undefined;
}

/** Outputs of cache entries in memory of this process. The host of runs implements this. */
export interface CachedOutputs {
  /** Returns the fresh output of an entry. Undefined if the entry must be asked. */
  find(entry: InstanceKey, nowMs: number): CachedOutput | undefined;
}

export interface CachedOutput {
  /** Absent for null. */
  readonly output: Payload | undefined;
  /** Whether the entry has to count this use. */
  readonly isUseDue: boolean;
}

/** The same plans, as the state of a run contains them, and the outputs. Only decisions read these. */
export interface KnownPlans extends RunPlans, Unchanging {
  readonly outputs: CachedOutputs | undefined;
}

export class RunPlan implements Unchanging {
  readonly isUnchanging = true;
  readonly plan: Plan;
  /** Hash of the definition. Empty for tasks that were written for one run. */
  readonly hash: string;
  readonly programs: PlanPrograms;
  readonly #constants: (Uint8Array | undefined)[] = [];
  readonly #profiles = new Map<string, (OfferProfile | undefined)[]>();
  readonly #undoProfiles = new Map<string, (OfferProfile | undefined)[]>();
  readonly #computed: (boolean | undefined)[] = [];
  readonly #memberNames: (Uint8Array | undefined)[] = [];
  readonly #perEntry: (boolean | undefined)[] = [];
  readonly #gangs: (readonly number[] | undefined)[] = [];
  #predecessors: Predecessors | undefined;
  #passThrough: ReadonlySet<number> | undefined;
  #readsInput: boolean | undefined;
  #hasFunctions: boolean | undefined;
  #awaitedSignals: ReadonlySet<string> | undefined;
  #byId: (ReadonlyMap<string, number> | undefined)[] = [];

  constructor(plan: Plan, hash: string) {
    this.plan = plan;
    this.hash = hash;
    this.programs = new PlanPrograms(plan);
  }

  task(number: number): PlanTask {
    const task = this.plan.tasks[number];
    assert(task !== undefined, "a plan has the tasks that are named", { number });
    return task;
  }

  work(task: PlanTask): Work {
    const work = this.plan.works[task.work];
    assert(work !== undefined, "a task has its work", { task: task.id });
    return work;
  }

  policy(task: PlanTask): TaskPolicy {
    const policy = this.plan.policies[task.policy];
    assert(policy !== undefined, "a task has its policy", { task: task.id });
    return policy;
  }

  /** Whether one of its tasks is a durable function. */
  get hasFunctions(): boolean {
    this.#hasFunctions ??= this.plan.tasks.some(({ kind }) => kind === "function");
    return this.#hasFunctions;
  }

  /** Returns the encoded value of a constant program. */
  constant(program: number): Uint8Array {
    const known = this.#constants[program];
    if (known !== undefined) return known;
    const planned = this.plan.programs[program];
    const bytes = planned === undefined || planned.source === null ? noBytes : encodeJson(planned.source);
    this.#constants[program] = bytes;
    return bytes;
  }

  /** Returns the id of a task as it precedes its output, in the output of a run. */
  memberName(task: number): Uint8Array {
    const known = this.#memberNames[task];
    if (known !== undefined) return known;
    const encodedName = memberName(this.task(task).id);
    this.#memberNames[task] = encodedName;
    return encodedName;
  }

  /**
   * Returns the data that offers of a task share, for the pool of the run and for the chosen capability: its
   * number in `among` from 1, or 0.
   */
  profile(task: number, pool: string, isUndo: boolean, choice = 0): OfferProfile {
    const pools = isUndo ? this.#undoProfiles : this.#profiles;
    const key = choice === 0 ? pool : `${pool} ${choice}`;
    let profiles = pools.get(key);
    if (profiles === undefined) {
      profiles = [];
      pools.set(key, profiles);
    }
    const known = profiles[task];
    if (known !== undefined) return known;
    while (profiles.length < task) profiles.push(undefined);
    const planned = this.task(task);
    const profile = new OfferProfile(this.plan, planned, this.work(planned), this.policy(planned), {
      pool,
      isUndo,
      choice,
    });
    profiles[task] = profile;
    return profile;
  }

  /** Returns whether part of the policy is computed for each offer: labels, keys, the due time. */
  isComputed(task: PlanTask): boolean {
    const work = this.work(task);
    if (work.kind === "uses" && work.among !== undefined) return true;
    const known = this.#computed[task.policy];
    if (known !== undefined) return known;
    const { labels, limits, idempotencyKey, dueTime, placement, cache } = this.policy(task);
    const programs = [idempotencyKey, dueTime, placement?.stickyKey ?? -1, placement?.contextKey ?? -1];
    const found =
      cache !== null ||
      limits.length > 0 ||
      Object.keys(labels).length > 0 ||
      programs.some((program) => program >= 0);
    this.#computed[task.policy] = found;
    return found;
  }

  /**
   * Returns whether a condition of a task with entries is evaluated for each entry: it reads `item` or
   * `index`.
   */
  isEvaluatedPerEntry(program: number): boolean {
    const known = this.#perEntry[program];
    if (known !== undefined) return known;
    const references = this.plan.programs[program]?.references ?? [];
    const found = references.some(({ name }) => /^(item|index)(\.|$)/.test(name));
    this.#perEntry[program] = found;
    return found;
  }

  /**
   * Returns whether the output of a task is only passed on to tasks as a whole, so that it may stay in the
   * blob store.
   */
  isPassThrough(task: number): boolean {
    this.#passThrough ??= passThroughTasks(this.plan);
    return this.#passThrough.has(task);
  }

  /** Returns whether a run reads its input, beyond passing it on to tasks as a whole. */
  get readsInput(): boolean {
    this.#readsInput ??= this.plan.inputSchema !== null || readsInput(this.plan);
    return this.#readsInput;
  }

  /** Returns the number of a task of a scope. */
  taskNamed(scope: number, id: string): number | undefined {
    let names = this.#byId[scope];
    if (names === undefined) {
      const { first, count } = this.plan.scopes[scope] ?? { first: 0, count: 0 };
      names = new Map(
        this.plan.tasks.slice(first, first + count).map((task, index) => [task.id, first + index]),
      );
      this.#byId[scope] = names;
    }
    return names.get(id);
  }

  /** Returns the numbers of the tasks of the same scope that are in the gang of a task. */
  gangOf(task: number): readonly number[] {
    const known = this.#gangs[task];
    if (known !== undefined) return known;
    const { scope, policy } = this.task(task);
    const name = this.plan.policies[policy]?.gang;
    const { first, count } = this.plan.scopes[scope] ?? { first: 0, count: 0 };
    const members: number[] = [];
    for (let number = first; number < first + count; number++)
      if (this.plan.policies[this.task(number).policy]?.gang === name) members.push(number);
    this.#gangs[task] = members;
    return members;
  }

  /** Returns the signals that its tasks and states wait for. */
  get awaitedSignals(): ReadonlySet<string> {
    this.#awaitedSignals ??= new Set([
      ...this.plan.works.flatMap((work) => (work.kind === "waitSignal" ? [work.signal] : [])),
      ...this.plan.states.flatMap(({ on }) => on.map(({ signal }) => signal)),
    ]);
    return this.#awaitedSignals;
  }

  /** Needs of tasks: `sources` and `conditions` from `offsets[task]` to `offsets[task + 1]`. */
  get predecessors(): Predecessors {
    this.#predecessors ??= reversed(this.plan);
    return this.#predecessors;
  }
}

export interface Predecessors {
  readonly offsets: Int32Array;
  readonly sources: Int32Array;
  readonly conditions: Uint8Array;
}

function reversed({ tasks, edges }: Plan): Predecessors {
  const offsets = new Int32Array(tasks.length + 1);
  for (const target of edges.targets) offsets[target + 1] = (offsets[target + 1] ?? 0) + 1;
  for (let task = 0; task < tasks.length; task++)
    offsets[task + 1] = (offsets[task + 1] ?? 0) + (offsets[task] ?? 0);
  const next = offsets.slice();
  const sources = new Int32Array(edges.targets.length);
  const conditions = new Uint8Array(edges.targets.length);
  for (let from = 0; from < tasks.length; from++)
    for (let at = edges.offsets[from] ?? 0; at < (edges.offsets[from + 1] ?? 0); at++) {
      const target = edges.targets[at] ?? 0;
      const place = next[target] ?? 0;
      next[target] = place + 1;
      sources[place] = from;
      conditions[place] = edges.conditions[at] ?? 0;
    }
  return { offsets, sources, conditions };
}
