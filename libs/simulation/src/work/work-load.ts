/**
 * Missions and runs as a load: drawn boards and small runs, whose tasks meet the same agents in one pool, and
 * which start each other. Agents that come to boards by themselves, and people.
 *
 * 1. The durable events of a mission keep the invariants of `MissionCheck`, and those of a run the ones of
 *    `RunCheck`.
 * 2. The outcome and use of an attempt are those that its agent reported. It has one agent at a time.
 * 3. Everything ends: no task waits for ever while a suitable agent is present.
 * 4. Namespaces that share agents get about the same of them, while all have waiting tasks for these.
 */

import type { Assign } from "@tutti/contracts/agent/v1";
import { BeginMission, type MissionOrder, MissionSpec } from "@tutti/contracts/swarm/v1";
import { ErrorDetail } from "@tutti/contracts/types/v1";
import { BeginRun } from "@tutti/contracts/workflow/v1";
import type { Chance, InstanceKey, Refusal } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { limit } from "@tutti/machine-limit";
import { type MissionEffect, mission, type StartMissionChild } from "@tutti/machine-mission";
import { type RunEffect, runMachine } from "@tutti/machine-run";
import { KnownDefinitions } from "@tutti/machine-run/testing";
import type { Outcome } from "@tutti/runtime";
import type { Chronicle, KnownEvent } from "../checks/chronicle.ts";
import type { Counted, CountedAnswer } from "../counted/counted.ts";
import { type AnyMachine, countsOf } from "../counted/counting.ts";
import type { EffectHandler, Load, Operation, ProcessOfDoer, Result } from "../load/load.ts";
import type { AgentAnswer } from "../pools/simulated-agent.ts";
import { keyOf } from "../pools/tokens.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import type { World } from "../world/world.ts";
import type { SendRequest } from "./actors.ts";
import { childMissions, crowds, runs } from "./definitions.ts";
import { MissionCheck } from "./mission-check.ts";
import { WorkPeople } from "./work-people.ts";
import type { WorkPlan } from "./work-plan.ts";
import { WorkPool } from "./work-pool.ts";

const defaultNamespace = "default";

interface Codec {
  fromPartial(body: object): object;
}

export class WorkLoad implements Load {
  readonly service = "work";
  readonly isOneService = true;
  readonly machine: AnyMachine;
  readonly others: readonly AnyMachine[];
  readonly operations: Operation[] = [];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #plans = new KnownDefinitions();
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #missions = new Map<string, MissionCheck>();
  readonly #runs = new Map<string, RunCheck>();
  /** By the id of a mission or run. Default for all others: `default`. */
  readonly #namespaces = new Map<string, string>();
  readonly #answered = new Set<number>();
  // biome-ignore lint/suspicious/noExplicitAny: replies of many commands, each read by who asked
  readonly #pending = new Map<number, { answered: (reply: any) => void; ended: () => void }>();
  /** Number of the operation that starts a child, by its id. */
  readonly #children = new Map<string, number>();
  readonly #agents: AgentAnswers;
  readonly #pool: WorkPool;
  readonly #people: WorkPeople;
  #start: (operation: Operation) => void = () => {};

  constructor(world: World, chronicle: Chronicle, plan: WorkPlan, weakening: Weakening) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.machine = weakening.machine?.(mission) ?? mission;
    this.others = [runMachine({ plans: this.#plans }), cache, limit];
    this.#hashes = new Map(
      Object.entries({ ...runs, ...crowds }).map(([name, text]) => [name, this.#plans.add(text)]),
    );
    this.#agents = new AgentAnswers(world.chanceFor("what agents say"), plan.failures);
    this.#pool = new WorkPool(world, plan, weakening, (assign) => this.#agents.answerTo(assign));
    this.#people = new WorkPeople({
      world,
      plan,
      request: (id, command, body, answered, ended) => void this.#request(id, command, body, answered, ended),
      open: () => [...this.#missions.values()].filter((each) => each.hasStarted && !each.isOver),
    });
    for (const { id, namespace = defaultNamespace } of [...plan.missions, ...plan.runs])
      this.#namespaces.set(id, namespace);
    for (const { id, atMs, what } of plan.missions) this.#plan(id, atMs, orderOf(MissionSpec.fromJSON(what)));
    for (const { id, atMs, what } of plan.runs)
      this.#plan(id, atMs, { hash: this.#hashes.get(String(what)) });
    this.#pool.start();
    this.#people.start();
  }

  keyOf(id: string): InstanceKey {
    const kind = this.#runs.has(id) ? "run" : "mission";
    return { namespace: this.#namespaces.get(id) ?? defaultNamespace, kind, id };
  }

  get lasting(): readonly string[] {
    const all = [...this.#missions.keys(), ...this.#runs.keys()];
    return all.filter((id) => this.#chronicle.instance(this.keyOf(id)) !== undefined);
  }

  get restless(): string | undefined {
    for (const [id, { isOver }] of this.#runs) if (!isOver) return `run ${id} has not ended`;
    for (const [id, check] of this.#missions)
      if (!check.isOver) return `mission ${id} has not ended: ${check.open}`;
    const open = this.operations.find(({ number }) => !this.#answered.has(number));
    if (open !== undefined)
      return `operation ${open.number} (${open.command} of ${open.account}) has no answer`;
    return undefined;
  }

  settleDown(): void {
    this.#agents.isFaultFree = true;
    this.#people.settleDown();
  }

  doerOf(process: ProcessOfDoer): EffectHandler {
    return this.#pool.doerOf(process);
  }

  /** Checks invariant 1. */
  event(event: KnownEvent): void {
    const { key, type, body, operation } = event;
    const { kind, id } = key;
    if (kind === "run") {
      const run = this.#runs.get(id) ?? new RunCheck();
      this.#runs.set(id, run);
      run.event(type, body);
      this.#checkEnd(id, type, body);
      this.#report(id, run.findings);
    } else if (kind === "mission") {
      const check = this.#missions.get(id) ?? this.#newMission(id);
      this.#missions.set(id, check);
      const by = this.#checkEnd(id, type, body);
      const requested = operation === undefined ? undefined : this.#operation(operation);
      // A message names its original command, which another instance has decided.
      const command =
        requested === undefined || requested.account !== id
          ? undefined
          : { number: requested.number, type: requested.command, body: requested.body };
      const isOffered = command === undefined;
      const reportedUse = by === undefined || !isOffered ? undefined : this.#agents.answers.get(by)?.used;
      check.event(event, { command, reportedUse });
      this.#report(id, check.findings);
    }
  }

  /** Checks invariant 2. Returns the attempt that reported it. */
  #checkEnd(id: string, type: string, body: unknown): string | undefined {
    const { node, output, error } = body as {
      readonly node?: number;
      readonly output?: Uint8Array;
      readonly error?: { readonly message: string };
    };
    if (type !== "task_completed" && type !== "attempt_failed" && type !== "task_failed") return undefined;
    const by = agentOf(type === "task_completed" ? output : undefined, error?.message);
    if (by === undefined) return undefined;
    if (type === "task_completed") this.#pool.checks.settled(`${id} ${node}`, by, by);
    return by;
  }

  partitionEvent(): void {}

  onOperation(start: (operation: Operation) => void): void {
    this.#start = start;
  }

  sent(): void {}

  answeredBy(number: number, answer: unknown): void {
    this.#restsOn(number, "the answer to", answer as CountedAnswer);
  }

  refusedBy(number: number, refusal: Refusal): void {
    const counted = countsOf(refusal);
    if (counted !== undefined) this.#restsOn(number, "the refusal of", counted);
  }

  received(number: number, _: Counted | undefined, outcome: Outcome): void {
    this.#answered.add(number);
    const pending = this.#pending.get(number);
    this.#pending.delete(number);
    if (outcome.kind === "done") pending?.answered((outcome.reply as CountedAnswer).answer);
    pending?.ended();
  }

  dispatched(): void {}

  /** Starts children as a client, as the services would. The parent is informed after the answer. */
  resultOf({ namespace, kind, id }: InstanceKey, effect: unknown): Result | undefined {
    const childEffect = effect as MissionEffect | RunEffect;
    if (childEffect.kind !== "start_child") return undefined;
    const { childId, childKind, definition, taskId } = childEffect;
    const number = this.#children.get(childId);
    if (number !== undefined) {
      if (!this.#answered.has(number)) return undefined;
      return {
        kind,
        command: "confirm_child",
        body: { id: childId, hash: "", existed: false, ending: undefined },
      };
    }
    const parent = { namespace, kind, id, task: taskId };
    this.#namespaces.set(childId, namespace);
    if (childKind === "run") this.#runs.set(childId, this.#runs.get(childId) ?? new RunCheck());
    else this.#missions.set(childId, this.#missions.get(childId) ?? this.#newMission(childId));
    const order =
      childKind === "run"
        ? { hash: this.#hashes.get(definition), parent, parentClose: 2 }
        : { ...orderOf(childMissions[definition]), parent, ...grantOf(childEffect) };
    this.#children.set(
      childId,
      this.#request(childId, startCommandOf(childKind), { order }, () => {}),
    );
    return undefined;
  }

  lateResult(): undefined {}

  late(): void {}

  checkState(): void {}

  finish(): void {}

  #newMission(id: string): MissionCheck {
    return new MissionCheck(this.machine, this.keyOf(id));
  }

  #plan(id: string, atMs: number, order: object): void {
    const isRun = id.startsWith("run");
    if (isRun) this.#runs.set(id, new RunCheck());
    else this.#missions.set(id, this.#newMission(id));
    const command = startCommandOf(isRun ? "run" : "mission");
    const body = (isRun ? BeginRun : BeginMission).fromPartial({ order } as never);
    this.operations.push({ number: this.operations.length, atMs, account: id, command, body });
  }

  #request(
    account: string,
    command: string,
    fields: object,
    answered: Parameters<SendRequest>[3],
    ended: () => void = () => {},
  ): number {
    const machine = this.#runs.has(account) ? this.others[0] : this.machine;
    const codec = machine?.commands.find(({ type }) => type === command)?.codec as unknown as Codec;
    const number = this.operations.length;
    const body = codec.fromPartial(fields);
    const operation = { number, atMs: this.#world.elapsedMs, account, command, body };
    this.operations.push(operation);
    this.#pending.set(number, { answered, ended });
    this.#start(operation);
    return number;
  }

  #restsOn(number: number, label: string, { events, digest }: Counted): void {
    const { command, account } = this.#operation(number);
    const name = (): string => `${label} operation ${number} (${command})`;
    this.#chronicle.restsOn(name, this.keyOf(account), { events, digest });
  }

  #operation(number: number): Operation {
    const operation = this.operations[number];
    if (operation === undefined) throw new Error(`there is no operation ${number}`);
    return operation;
  }

  #report(id: string, [finding]: readonly string[]): void {
    if (finding !== undefined) this.#world.fail("model", `${id}: ${finding}`);
  }
}

function startCommandOf(kind: string): string {
  return kind === "run" ? "begin_run" : "begin_mission";
}

function orderOf(spec: MissionSpec | undefined): Partial<MissionOrder> {
  return { spec, requestHash: Uint8Array.of(1) };
}

type Undefinable<Fields> = { readonly [Name in keyof Fields]: Fields[Name] | undefined };

/** Returns the grant of a mission to a mission that does one of its tasks. Runs grant nothing. */
function grantOf(child: Partial<Undefinable<StartMissionChild>>): object {
  const { budget, depth, depthLeft, root } = child;
  return { parentBudget: budget, depth, depthLeft, root };
}

/** The answers of agents of the pool. They contain the name of the agent, to be recognised on arrival. */
class AgentAnswers {
  /** The reported outcome of each attempt, by any agent. */
  readonly answers = new Map<string, AgentAnswer>();
  readonly #chance: Chance;
  readonly #failures: number;
  isFaultFree = false;

  constructor(chance: Chance, failures: number) {
    this.#chance = chance;
    this.#failures = failures;
  }

  answerTo({ token }: Assign): AgentAnswer {
    const by = keyOf(token);
    const answer = this.answers.get(by) ?? this.#drawAnswer(by);
    this.answers.set(by, answer);
    return answer;
  }

  #drawAnswer(by: string): AgentAnswer {
    const random = this.#chance.random();
    const used = { tokens: Math.floor(this.#chance.random() * 4), money: 0, timeMs: 0 };
    if (!this.isFaultFree && random < this.#failures) {
      const value = ErrorDetail.fromPartial({ code: "work.broken", message: by });
      return { outcome: { $case: "failed", value }, used };
    }
    const value = new TextEncoder().encode(JSON.stringify({ luck: random, by }));
    return { outcome: { $case: "inlineOutput", value }, used };
  }
}

/** Returns the agent of an output or an error. Undefined for none. */
function agentOf(output: Uint8Array | undefined, message: string | undefined): string | undefined {
  if (message !== undefined && /^[0-9a-f]{32}$/.test(message)) return message;
  if (output === undefined || output.length === 0) return undefined;
  return /^\{"luck":[^{]*,"by":"([0-9a-f]{32})"\}$/.exec(Buffer.from(output).toString())?.[1];
}

/** Checks that a task of a run ends once, with consecutive attempts, and that an ended run emits nothing. */
class RunCheck {
  readonly findings: string[] = [];
  isOver = false;
  readonly #over = new Map<number, string>();
  readonly #attempts = new Map<number, number>();

  // biome-ignore lint/suspicious/noExplicitAny: each event has a body of its own, read by its name
  event(type: string, body: any): void {
    if (this.isOver && !afterwards.has(type)) this.findings.push(`${type} happens after its end`);
    if (ends.has(type)) this.#recordEnd(type, body.node);
    else if (type === "task_queued" || type === "child_queued") this.#start(body);
    else if (lasts.has(type)) this.isOver = true;
  }

  #recordEnd(type: string, node: number): void {
    const before = this.#over.get(node);
    if (before !== undefined) this.findings.push(`${type} of task ${node} after ${before}`);
    this.#over.set(node, type);
  }

  #start({ node, attempt }: { readonly node: number; readonly attempt: number }): void {
    const before = this.#attempts.get(node) ?? 0;
    if (this.#over.has(node)) this.findings.push(`task ${node} starts after its end`);
    if (attempt !== before + 1) this.findings.push(`task ${node} starts attempt ${attempt} after ${before}`);
    this.#attempts.set(node, attempt);
  }
}

const ends = new Set(["task_completed", "task_failed", "task_skipped", "task_cancelled"]);
const lasts = new Set(["run_completed", "run_failed", "run_cancelled", "run_terminated", "run_withdrawn"]);
const afterwards = new Set(["run_removed"]);
