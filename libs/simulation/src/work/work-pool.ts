/** The pool of all tasks and agents, next to the machines: its rules, and the faults around it. */
import { AgentState } from "@tutti/contracts/agent/v1";
import { Agent, Hook, HookMoment } from "@tutti/contracts/swarm/v1";
import { compileHook, type Pool } from "@tutti/matching";
import type { EffectHandler, ProcessOfDoer } from "../load/load.ts";
import { PoolEnvironment } from "../pools/pool-environment.ts";
import type { PoolScene } from "../pools/pool-scene.ts";
import { PoolsChecks } from "../pools/pools-checks.ts";
import type { AgentParts } from "../pools/simulated-agent.ts";
import { SimulatedOwner } from "../pools/simulated-owner.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import type { World } from "../world/world.ts";
import type { OfferCall } from "./offer-call.ts";
import { ProcessOffers } from "./process-offers.ts";
import type { WorkPlan } from "./work-plan.ts";

/** Pools have their own clocks with any start. */
const originMs = 1_000_000;

/** Rules of a pool, by labels of tasks. */
const hooks = [
  Hook.fromPartial({
    hookId: "deny",
    moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
    when: "'deny' in task.labels",
    action: { $case: "rule", value: { verdict: { deny: { code: "hook.denied", message: "not here" } } } },
  }),
  Hook.fromPartial({
    hookId: "slow",
    moment: HookMoment.HOOK_MOMENT_BEFORE_ASSIGN,
    when: "'slow' in task.labels",
    action: { $case: "rule", value: { verdict: { delayMs: 400, priority: "task.priority + 1" } } },
  }),
];

type SharedPool = Pick<WorkPlan, "pool" | "limits">;
/** Returns the answer of an agent at the end of an attempt. */
type AnswerTo = NonNullable<AgentParts["answerTo"]>;

export class WorkPool {
  readonly checks: PoolsChecks;
  readonly #world: World;
  readonly #plan: SharedPool;
  readonly #weakening: Weakening;
  readonly #scene: PoolScene;
  readonly #owner: SimulatedOwner;
  readonly #environment: PoolEnvironment;
  readonly #calls = new Set<OfferCall>();

  constructor(world: World, plan: SharedPool, weakening: Weakening, answerTo: AnswerTo) {
    this.#world = world;
    this.#plan = plan;
    this.#weakening = weakening;
    this.#scene = sceneOf(world, plan, weakening);
    this.checks = new PoolsChecks(this.#scene);
    this.#owner = new SimulatedOwner(this.#scene, this.checks, (pool) => this.#configure(pool));
    const pool = { die: () => this.#loseAll(), lose: () => this.#loseAll() };
    this.#environment = new PoolEnvironment({
      world: this.#scene,
      checks: this.checks,
      owner: this.#owner,
      senders: [pool],
      answerTo,
    });
  }

  start(): void {
    this.#environment.start();
    this.#environment.scheduleFaults();
  }

  /** Returns the healthy agents, as the owner of the pool lists them. Undefined without an owner. */
  agents(): readonly Agent[] | undefined {
    if (this.#owner.pool === undefined) return undefined;
    return this.#environment.agents
      .filter(({ isWell }) => isWell)
      .map(({ id: agentId, slots, does, attempts }) =>
        Agent.fromPartial({
          agentId,
          pool: "default",
          state: AgentState.AGENT_STATE_READY,
          attempts,
          freeSlots: Math.max(0, slots - attempts),
          offering: { slots, capabilities: does.map((name) => ({ name, version: "1.0.0" })) },
        }),
      );
  }

  doerOf(process: ProcessOfDoer): EffectHandler {
    return new ProcessOffers({
      process,
      world: this.#world,
      scene: this.#scene,
      checks: this.checks,
      owner: this.#owner,
      calls: this.#calls,
      isHasty: this.#weakening.pool?.isHasty === true,
      endsReleased: this.#weakening.pool?.endsReleased === true,
    });
  }

  #configure(pool: Pool): void {
    const compiled = hooks.map((hook) => {
      const { hook: compiledHook, problems } = compileHook(hook);
      if (compiledHook === undefined) throw new Error(JSON.stringify(problems));
      return compiledHook;
    });
    pool.setHooks(compiled, { send() {} });
    for (const [key, maxConcurrent] of Object.entries(this.#plan.limits))
      pool.setLimit({ key, maxConcurrent, rate: undefined, description: "" }, this.#scene.nowMs);
  }

  #loseAll(): void {
    for (const call of [...this.#calls]) call.lose();
  }
}

function sceneOf(world: World, { pool: plan }: SharedPool, { pool: weakening = {} }: Weakening): PoolScene {
  const chance = world.chanceFor("pool");
  return {
    plan,
    weakening,
    chance,
    get nowMs() {
      return originMs + world.elapsedMs;
    },
    after: (delayMs, run) => void world.after(delayMs, run),
    draw: (fromMs, toMs) => fromMs + chance.random() * (toMs - fromMs),
    pick: (all) => all[Math.floor(chance.random() * all.length)],
    trace: (text) => world.trace("pool", text),
    found: (check, text) => world.fail(check, text),
  };
}
