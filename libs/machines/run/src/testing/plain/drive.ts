/** Drives a drawn run, without the runtime and without faults. The order of results is random. */
import { NoteAttempt, NoteProgress, ReturnTask, RunOrder } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import { type Chance, type InstanceKey, isRefusal } from "@tutti/kernel";
import type { DrivenEffect } from "@tutti/kernel/testing";
import { isLasting, type OfferTask, type RunEffect, type StartChild } from "../../core/state/effects.ts";
import { beginRun } from "../../life/control/commands.ts";
import { showEnding } from "../../life/queries/run.ts";
import { confirmChild } from "../../life/results/children.ts";
import { jsonBytes } from "../json.ts";
import { RunScene } from "../scene.ts";
import { commandOf } from "./act-command.ts";
import { resultOf } from "./agent.ts";
import { childRunOf } from "./child.ts";
import { type DrawnRun, orderOf } from "./drawn-run.ts";
import { expectedActsOf } from "./expected-acts.ts";
import type { Act } from "./moments.ts";
import { RunCheck } from "./run-check.ts";
import { answerOf, type Script } from "./script.ts";
import type { RunWeakening } from "./weakenings.ts";

const stepsMax = 3_000;

type Machines = ConstructorParameters<typeof RunScene>[1];

export interface DriveOptions {
  /** Answers of agents. Default: the run's own script. */
  readonly script?: Script;
  /** Kinds that runs send messages to. */
  readonly others?: Machines;
  /** Planted fault of the machine. */
  readonly weakening?: RunWeakening;
}

/** Returns the findings. */
export function driveRun(run: DrawnRun, chance: Chance, options: DriveOptions = {}): readonly string[] {
  const drive = new Drive(run, chance, options);
  drive.run();
  return drive.findings();
}

interface Driven {
  readonly key: InstanceKey;
  readonly run: DrawnRun;
  readonly check: RunCheck;
  /** Answers of agents. */
  readonly script: Script;
}

/** Task that waits for a child. */
interface Child {
  readonly parent: string;
  readonly taskId: string;
}

class Drive {
  readonly #scene: RunScene;
  readonly #chance: Chance;
  /** Runs by id: the drawn one, its continuations, and their children. */
  readonly #runs = new Map<string, Driven>();
  readonly #offered = new Set<string>();
  readonly #acts: Act[];
  readonly #cached = new Map<string, Json[]>();
  /** Children by their ids. */
  readonly #children = new Map<string, Child>();
  readonly #findings: string[] = [];

  constructor(run: DrawnRun, chance: Chance, { script = run.script, others = [], weakening }: DriveOptions) {
    this.#chance = chance;
    this.#scene = new RunScene(1, others, weakening);
    this.#acts = run.acts.map(({ act }) => act);
    this.#start(this.#scene.key, run, {}, script);
  }

  run(): void {
    for (let step = 0; step < stepsMax; step++) {
      this.#follow();
      if (!this.#step()) return;
    }
  }

  findings(): readonly string[] {
    const found = [...this.#runs.values()].flatMap(({ check }) => {
      check.finish();
      return check.findings;
    });
    return [...found, ...this.#findings];
  }

  /** Executes the next action. Returns false if there is none. */
  #step(): boolean {
    const { driver } = this.#scene;
    const { messages, nextDueMs } = driver;
    const effects = driver.effects.filter(({ effect }) => !isLasting(effect as RunEffect));
    const next = effects[Math.floor(this.#chance.random() * effects.length)];
    const random = this.#chance.random();
    const isIdle = next === undefined && messages.length === 0;
    if (this.#acts.length > 0 && (random < 0.12 || isIdle)) this.#act(this.#scene.key, this.#acts.shift());
    else if (messages.length > 0 && (random < 0.5 || next === undefined)) driver.deliver();
    else if (next !== undefined && (random < 0.85 || nextDueMs === undefined)) this.#sendReport(next);
    else if (nextDueMs === undefined) return this.#actAsExpected();
    // Some runs continue for ever by the clock alone.
    else if (next !== undefined || random < 0.7 || !this.#actAsExpected())
      driver.advance(Math.max(0, nextDueMs - driver.nowMs));
    return !isIdle || !this.#areOver;
  }

  get #areOver(): boolean {
    return [...this.#runs.values()].every(({ check }) => check.hasEnded);
  }

  /** Lets a person act if no agent does. */
  #actAsExpected(): boolean {
    for (const { key, check } of this.#runs.values()) {
      const [act] = expectedActsOf(check.plain);
      if (act === undefined) continue;
      this.#act(key, act);
      return true;
    }
    return false;
  }

  #act(key: InstanceKey, act: Act | undefined): void {
    const driven = this.#runs.get(key.id);
    if (act === undefined || driven === undefined) return;
    const { check } = driven;
    const { command, body } = commandOf(act, (share) => check.stateAfter(share));
    const expected = check.plain.refusalOf(act);
    const answer = this.#scene.driver.call(key, command, body);
    check.answered(act, isRefusal(answer) ? answer.code : undefined, expected);
  }

  /** Passes new events to the checks. */
  #follow(): void {
    const { driver, machine } = this.#scene;
    for (const driven of this.#runs.values()) {
      const { key, check } = driven;
      for (const { type, version, payload } of driver.history(key).slice(check.events)) {
        const declared = machine.events.find((event) => event.type === type && event.version === version);
        const body = declared?.codec.decode(payload);
        check.event(type, version, body);
        if (type === "run_continued") this.#continueRun(driven, (body as { readonly nextId: string }).nextId);
      }
      check.rest();
    }
    for (const due of driver.effects) this.#offer(due);
    for (const [id, child] of this.#children) this.#checkChild(id, child);
  }

  /** Checks that a child without a waiting parent stops once it is notified, except if it is detached. */
  #checkChild(id: string, { parent, taskId }: Child): void {
    const child = this.#runs.get(id)?.check.plain;
    const plain = this.#runs.get(parent)?.check.plain;
    if (child === undefined || plain === undefined) return;
    const isStopped = ["cancelling", "cancelled", "terminated"].includes(child.status);
    const task = plain.task(taskId);
    if (task === undefined) return;
    if (task.document.parentClose === "abandon") {
      if (isStopped) this.#find(`${id} was stopped, but was to be left alone`);
      return;
    }
    const latest = [...this.#children].findLast(
      ([, candidate]) => candidate.parent === parent && candidate.taskId === taskId,
    );
    const isAwaited = task.status === "running" && latest?.[0] === id;
    const hasMessage = this.#scene.driver.messages.some(({ to }) => to.id === id);
    if (!isAwaited && !hasMessage && !isStopped && child.phase !== "ended")
      this.#find(`${id} continues, but no task waits for it any more`);
  }

  #find(finding: string): void {
    if (!this.#findings.includes(finding)) this.#findings.push(finding);
  }

  /** Adds the continuation of a run. A message starts it. After a reset of the run it may exist already. */
  #continueRun({ key, run, check, script }: Driven, id: string): void {
    if (this.#runs.has(id)) return;
    const next: DrawnRun = { ...run, input: check.plain.next, acts: [] };
    const order = orderOf(next, this.#cached, check.plain.facts.incarnation + 1);
    const nextKey = { ...key, id };
    const nextCheck = new RunCheck(this.#scene.machine, nextKey, order, true);
    this.#runs.set(id, { key: nextKey, run: next, check: nextCheck, script });
  }

  #start(
    key: InstanceKey,
    run: DrawnRun,
    more: Parameters<typeof RunOrder.fromPartial>[0],
    script = run.script,
  ): void {
    const { driver, machine, definitions } = this.#scene;
    this.#runs.set(key.id, {
      key,
      run,
      check: new RunCheck(machine, key, orderOf(run, this.#cached), true),
      script,
    });
    const hash = definitions.add(JSON.stringify(run.document));
    const order = RunOrder.fromPartial({ hash, input: jsonBytes(run.input), ...more });
    driver.call(key, beginRun.type, { order });
  }

  #offer({ key, number, attempt, effect }: DrivenEffect): void {
    const name = `${key.id} ${number}#${attempt}`;
    if (!this.#offered.has(name))
      this.#runs.get(key.id)?.check.offered({ number, attempt }, effect as RunEffect);
    this.#offered.add(name);
  }

  /** Sends a report of an agent: mostly its result. */
  #sendReport(due: DrivenEffect): void {
    const { driver } = this.#scene;
    const effect = due.effect as RunEffect;
    const known = this.#runs.get(due.key.id);
    if (known === undefined) throw new Error(`there is no run ${due.key.id}`);
    if (isLasting(effect)) return;
    const { visit = 1 } = known.check.attempt(due) ?? {};
    if (effect.kind === "start_child") {
      this.#startChild(known, due, effect, visit);
      return;
    }
    const random = this.#chance.random();
    if (random < 0.2) this.#reply(due, effect, random);
    else {
      const { command, body } = resultOf(known.script, effect, visit);
      driver.settleBy(due, command, body);
    }
  }

  /** Sends another report: that the agent is busy, is running, or its progress. */
  #reply(due: DrivenEffect, { attempt }: OfferTask, random: number): void {
    const { driver } = this.#scene;
    if (random < 0.05)
      driver.settleBy(due, "return_task", ReturnTask.fromPartial({ retryAfterMs: 200, message: "busy" }));
    else if (random < 0.1)
      driver.settleBy(
        due,
        "note_attempt",
        NoteAttempt.fromPartial({ agent: "agent-1", startMs: driver.nowMs }),
      );
    else {
      const saved = jsonBytes(`${due.number} ${attempt} ${random}`);
      driver.settleBy(
        due,
        "note_progress",
        NoteProgress.fromPartial({ saved, fraction: random, message: "" }),
      );
    }
  }

  #startChild({ key, script }: Driven, due: DrivenEffect, effect: StartChild, visit: number): void {
    const { taskId: task, parentClose, childId: id } = effect;
    const { attempt = 1 } = this.#runs.get(key.id)?.check.attempt(due) ?? {};
    const run = childRunOf(effect, answerOf(script, task, attempt, visit));
    this.#children.set(id, { parent: key.id, taskId: task });
    if (!this.#runs.has(id)) this.#start({ ...key, id }, run, { parent: { ...key, task }, parentClose });
    // A child that has ended reported that long ago, maybe before a reset of the run.
    const reply = this.#scene.driver.query({ ...key, id }, showEnding, undefined);
    const ending = isRefusal(reply) ? undefined : reply.ending;
    this.#scene.driver.settle(due, confirmChild, { id, hash: "", existed: false, ending });
  }
}
