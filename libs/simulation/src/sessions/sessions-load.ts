/**
 * Sessions as a load: tasks in every mode, done as parts by runs and missions whose tasks meet agents in one
 * pool. With locks, sessions that wait for each other, people who move, pause and end things, and the
 * steering that services have.
 *
 * 1. The durable events of a session keep the invariants of `SessionCheck`.
 * 2. A task has the result of sequential execution. One work at a time does it.
 * 3. Locks exclude, and their tokens grow.
 * 4. Every session ends, with the required status.
 */
import { SessionOrder, SessionSpec } from "@tutti/contracts/session/v1";
import type { InstanceKey, Refusal } from "@tutti/kernel";
import { cache } from "@tutti/machine-entities/cache";
import { experience } from "@tutti/machine-entities/experience";
import { limit } from "@tutti/machine-limit";
import { lock } from "@tutti/machine-lock";
import { mission } from "@tutti/machine-mission";
import { runMachine } from "@tutti/machine-run";
import { KnownDefinitions } from "@tutti/machine-run/testing";
import { session } from "@tutti/machine-session";
import { specOf } from "@tutti/machine-session/testing";
import type { Outcome } from "@tutti/runtime";
import type { Chronicle, KnownEvent } from "../checks/chronicle.ts";
import { processLog } from "../cluster/process-log.ts";
import type { Counted, CountedAnswer } from "../counted/counted.ts";
import { type AnyMachine, countsOf } from "../counted/counting.ts";
import type { EffectHandler, Load, Operation, ProcessOfDoer, Result } from "../load/load.ts";
import type { Weakening } from "../weakenings/weakening.ts";
import { WorkPool } from "../work/work-pool.ts";
import type { World } from "../world/world.ts";
import { AssignmentCheck } from "./assignment-check.ts";
import { EndCheck } from "./end-check.ts";
import { LockCheck } from "./lock-check.ts";
import { ProcessSessions } from "./process-sessions.ts";
import { SessionAgents } from "./session-agents.ts";
import { SessionCheck } from "./session-check.ts";
import { SessionPeople } from "./session-people.ts";
import type { SessionsPlan } from "./sessions-plan.ts";

interface Codec {
  fromPartial(body: object): object;
}

export class SessionsLoad implements Load {
  readonly service = "work";
  readonly isOneService = true;
  readonly machine: AnyMachine;
  readonly others: readonly AnyMachine[];
  readonly operations: Operation[] = [];
  readonly #world: World;
  readonly #chronicle: Chronicle;
  readonly #weakening: Weakening;
  readonly #sessions = new Map<string, SessionCheck>();
  /** Kinds of existing runs and missions by id. */
  readonly #kinds = new Map<string, string>();
  readonly #openWorks = new Set<string>();
  readonly #answered = new Set<number>();
  readonly #agents: SessionAgents;
  readonly #pool: WorkPool;
  readonly #people: SessionPeople;
  readonly #assignments: AssignmentCheck;
  readonly #locks: LockCheck;
  readonly #ends: EndCheck;
  #start: (operation: Operation) => void = () => {};

  constructor(world: World, chronicle: Chronicle, plan: SessionsPlan, weakening: Weakening) {
    this.#world = world;
    this.#chronicle = chronicle;
    this.#weakening = weakening;
    const weak = (machine: AnyMachine): AnyMachine => weakening.machine?.(machine) ?? machine;
    this.machine = weak(session);
    const runs = runMachine({ plans: new KnownDefinitions() });
    this.others = [weak(runs), weak(mission), weak(lock), experience, cache, limit];
    const find = (problem: string): void => world.fail("model", problem);
    this.#agents = new SessionAgents(world.chanceFor("what agents say"));
    this.#assignments = new AssignmentCheck(find);
    this.#locks = new LockCheck(find);
    this.#ends = new EndCheck({ agents: this.#agents, sessions: this.#sessions, find });
    this.#pool = new WorkPool(world, plan, weakening, (assign) => this.#agents.answerTo(assign));
    this.#people = new SessionPeople({
      world,
      plan,
      request: (id, command, body) => this.#request(id, command, body),
      sessions: () => [...this.#sessions.values()],
    });
    for (const { id, atMs, spec } of plan.sessions) {
      this.#sessions.set(id, new SessionCheck(this.machine, this.keyOf(id)));
      const order = SessionOrder.fromPartial({ requestHash: Uint8Array.of(1), idChosen: true });
      this.#request(id, "begin_session", { order: { ...order, spec: SessionSpec.fromJSON(spec) } }, atMs);
    }
    this.#pool.start();
    this.#people.start();
  }

  keyOf(id: string): InstanceKey {
    return { namespace: "default", kind: this.#kinds.get(id) ?? "session", id };
  }

  get lasting(): readonly string[] {
    const all = [...this.#sessions.keys(), ...this.#kinds.keys()];
    return all.filter((id) => this.#chronicle.instance(this.keyOf(id)) !== undefined);
  }

  get restless(): string | undefined {
    for (const [id, { isOver, open }] of this.#sessions)
      if (!isOver) return `session ${id} has not ended: ${open}`;
    const [work] = this.#openWorks;
    if (work !== undefined) return `${work}, which does a part of a session, has not ended`;
    const heldLock = this.#locks.held;
    if (heldLock !== undefined) return heldLock;
    const open = this.operations.find(({ number }) => !this.#answered.has(number));
    if (open !== undefined)
      return `operation ${open.number} (${open.command} of ${open.account}) has no answer`;
    return undefined;
  }

  settleDown(): void {
    this.#people.settleDown();
  }

  doerOf(process: ProcessOfDoer): EffectHandler {
    const world = this.#world;
    return new ProcessSessions({
      process,
      world,
      chronicle: this.#chronicle,
      logger: processLog(world, process.name),
      offers: this.#pool.doerOf(process),
      agents: () => this.#pool.agents(),
      transform: (effect) => this.#weakening.session?.(effect) ?? effect,
    });
  }

  event(event: KnownEvent): void {
    const {
      key: { kind, id },
      type,
      body,
    } = event;
    if (kind === "session") this.#happened(id, event);
    else if (kind === "lock") this.#locks.event(id, type, body);
    else if (kind === "run" || kind === "mission") {
      this.#kinds.set(id, kind);
      if (type.endsWith("_started") && type.startsWith(kind)) this.#openWorks.add(id);
      if (ends.has(type)) this.#openWorks.delete(id);
      this.#assignments.event(id, type, body);
    }
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

  received(number: number, _counted: Counted | undefined, _outcome: Outcome): void {
    this.#answered.add(number);
  }

  dispatched(): void {}

  resultOf(): Result | undefined {
    return undefined;
  }

  lateResult(): undefined {}

  late(): void {}

  checkState(): void {}

  finish(): void {
    this.#ends.finish();
  }

  #happened(id: string, event: KnownEvent): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    const { type, body, operation } = event;
    const requested = operation === undefined ? undefined : this.#operation(operation);
    if (requested?.account === id) this.#ends.requested(id, requested.command);
    session.event(event);
    if (type === "session_retried")
      this.#assignments.recordRetry(
        id,
        (body as Retried).tasks.map((number) => session.state.tasks[number]?.spec.id ?? ""),
      );
    this.#report(id, session.findings);
    if (type === "locks_noted" && (body as LocksNoted).holdMs > 0)
      for (const { name } of specOf(session.state).locks) this.#locks.requireHeld(name, `session.${id}`);
    this.#ends.event(session, type, body);
  }

  #request(account: string, command: string, fields: object, atMs: number = this.#world.elapsedMs): void {
    const codec = this.machine.commands.find(({ type }) => type === command)?.codec as unknown as Codec;
    const number = this.operations.length;
    const operation = { number, atMs, account, command, body: codec.fromPartial(fields) };
    this.operations.push(operation);
    this.#start(operation);
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

interface Retried {
  readonly tasks: readonly number[];
}

interface LocksNoted {
  readonly holdMs: number;
}

const ends = new Set(
  ["run", "mission"].flatMap((kind) =>
    ["completed", "failed", "cancelled", "terminated", "withdrawn"].map((outcome) => `${kind}_${outcome}`),
  ),
);
