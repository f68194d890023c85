/** Starts second copies of stragglers. */
import type { Chance } from "@tutti/kernel";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { Matcher } from "../match/matcher.ts";
import type { LiveSettings } from "../settings.ts";
import type { Assigner } from "./assigner.ts";
import { type Copies, twinOf } from "./copies.ts";
import { Task, type TaskPool, type Twin } from "./task.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

/** The parts that Doubling needs. */
export interface DoublingParts {
  readonly copies: Copies;
  readonly agents: AgentIndex;
  readonly settings: LiveSettings;
  readonly matcher: Matcher;
  readonly waiting: Waiting;
  readonly assigner: Assigner;
  readonly tasks: Tasks;
  readonly taskPool: TaskPool;
  readonly chance: Chance;
}

export class Doubling {
  readonly #copies: Copies;
  readonly #agents: AgentIndex;
  readonly #settings: LiveSettings;
  readonly #matcher: Matcher;
  readonly #waiting: Waiting;
  readonly #assigner: Assigner;
  readonly #tasks: Tasks;
  readonly #taskPool: TaskPool;
  readonly #chance: Chance;

  constructor(parts: DoublingParts) {
    this.#copies = parts.copies;
    this.#agents = parts.agents;
    this.#settings = parts.settings;
    this.#matcher = parts.matcher;
    this.#waiting = parts.waiting;
    this.#assigner = parts.assigner;
    this.#tasks = parts.tasks;
    this.#taskPool = parts.taskPool;
    this.#chance = parts.chance;
  }

  /** Starts second copies of stragglers, as far as there is room that no other task wants. */
  run(nowMs: number): number {
    if (this.#copies.stragglers.length === 0) return 0;
    let doubled = 0;
    let slots = 0;
    for (const agent of this.#agents.values()) slots += agent.slots;
    const mayBe = Math.ceil(this.#settings.current.doubling.maxShare * slots);
    for (const task of this.#copies.stragglers.splice(0)) {
      const { twin, agent, yields } = task;
      if (twin === undefined || agent === undefined || task.stage !== "working") continue;
      // This task waits again when its agent has given it up: a copy would run in parallel.
      if (yields) continue;
      const place = this.#copies.count < mayBe ? this.#matcher.another(task, agent) : undefined;
      if (place === undefined) twin.straggleDueMs = nowMs + retrySearchMs;
      else {
        const copy = this.#copyOf(task, twin);
        this.#waiting.count++;
        this.#assigner.assign(copy, place.agent, place.match, nowMs);
        doubled++;
      }
      this.#tasks.schedule(task);
    }
    return doubled;
  }

  #copyOf(task: Task, twin: Twin): Task {
    const copy = new Task(
      this.#taskPool,
      { ...task.offer, token: this.#freshToken() },
      task.profile,
      task.readyMs,
    );
    copy.demand = task.demand;
    copy.demand.uses++;
    copy.twin = twinOf(task, never);
    // The copy has no times of its own: it ends with the original.
    copy.runMs = 0;
    twin.copy = copy;
    this.#copies.count++;
    this.#tasks.add(copy);
    return copy;
  }

  #freshToken(): Uint8Array {
    for (;;) {
      const token = new Uint8Array(16);
      const words = new DataView(token.buffer);
      for (let at = 0; at < 16; at += 4) words.setUint32(at, Math.floor(this.#chance.random() * 2 ** 32));
      if (this.#tasks.get(token) === undefined) return token;
    }
  }
}

const never = Number.POSITIVE_INFINITY;
/** Pause before the next search for a place for a copy. */
const retrySearchMs = 250;
