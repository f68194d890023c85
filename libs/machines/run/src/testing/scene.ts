/** A run in a test, driven step by step. */

import { type Amounts, ErrorDetail } from "@tutti/contracts/types/v1";
import { CompleteTask, ResetRun, ResultQuestion, RunOrder } from "@tutti/contracts/workflow/v1";
import { type InstanceKey, isRefusal, type Outstanding } from "@tutti/kernel";
import { type DrivenEffect, MachineDriver } from "@tutti/kernel/testing";
import type { OfferTask, RunEffect } from "../core/state/effects.ts";
import type { RunView } from "../core/state/state.ts";
import { beginRun } from "../life/control/commands.ts";
import { showSnapshot } from "../life/queries/snapshot.ts";
import { completeTask, failTask } from "../life/results/attempts.ts";
import { runMachine } from "../machine.ts";
import { jsonBytes } from "./json.ts";
import type { RunWeakening } from "./plain/weakenings.ts";
import { KnownDefinitions } from "./plans.ts";

export const runService = "workflow";
export const runKey: InstanceKey = { namespace: "default", kind: "run", id: "r" };

export class RunScene {
  readonly definitions: KnownDefinitions;
  readonly machine: ReturnType<typeof runMachine>;
  readonly driver: MachineDriver;
  readonly key: InstanceKey = runKey;

  /**
   * @param others kinds that runs send messages to
   * @param weakening planted fault of the machine
   * @param behaviours older ones to use
   */
  constructor(
    seed = 1,
    others: ConstructorParameters<typeof MachineDriver>[0]["machines"] = [],
    weakening: Pick<RunWeakening, "plan" | "machine"> = {},
    behaviours: Readonly<Record<string, number>> = {},
  ) {
    this.definitions = new KnownDefinitions(weakening.plan);
    const machine = runMachine({ plans: this.definitions });
    this.machine = weakening.machine?.(machine) ?? machine;
    this.driver = new MachineDriver({
      machines: [this.machine, ...others],
      service: runService,
      seed,
      behaviours,
    });
  }

  /** Starts the run of a definition in YAML. */
  static of(text: string, order: Parameters<typeof RunOrder.fromPartial>[0] = {}): RunScene {
    const scene = new RunScene();
    scene.start(text, order);
    return scene;
  }

  start(text: string, order: Parameters<typeof RunOrder.fromPartial>[0] = {}) {
    const runOrder = RunOrder.fromPartial({ hash: this.definitions.add(text), ...order });
    return this.driver.execute(this.key, beginRun, { order: runOrder });
  }

  get state() {
    return this.driver.state(this.key, this.machine);
  }

  /** Ids of the offered tasks, in the order of their effects. */
  get offered(): readonly string[] {
    return this.driver.effects.flatMap(({ effect }) => {
      const known = effect as RunEffect;
      return known.kind === "offer_task" ? [known.taskId] : [];
    });
  }

  offer(taskId: string): DrivenEffect & { readonly effect: OfferTask } {
    const found = this.driver.effects.find(({ effect }) => (effect as OfferTask).taskId === taskId);
    if (found === undefined)
      throw new Error(`expected an offer of ${taskId}, got ${this.offered.join(", ")}`);
    return found as DrivenEffect & { readonly effect: OfferTask };
  }

  complete(taskId: string, output: unknown = null, agent = "agent-1", used: Amounts | undefined = undefined) {
    const bytes = output === null ? new Uint8Array(0) : jsonBytes(output);
    const body = { output: bytes, outputPayload: undefined, agent, runMs: 5, used, questions: [] };
    return this.driver.settle(this.offer(taskId), completeTask, body);
  }

  /** Completes a task whose output rules ask people about. */
  holdOutput(
    taskId: string,
    output: unknown,
    ...questions: readonly Parameters<typeof ResultQuestion.fromPartial>[0][]
  ) {
    const fields = { output: jsonBytes(output), agent: "agent-1", runMs: 5 };
    const outputQuestions = questions.map((question) =>
      ResultQuestion.fromPartial({ message: "May it?", ...question }),
    );
    const body = { ...CompleteTask.fromPartial(fields), questions: outputQuestions };
    return this.driver.settle(this.offer(taskId), completeTask, body);
  }

  fail(taskId: string, code = "test.broken", more: Parameters<typeof ErrorDetail.fromPartial>[0] = {}) {
    const error = ErrorDetail.fromPartial({ code, message: `${taskId} is broken`, ...more });
    return this.driver.settle(this.offer(taskId), failTask, {
      error,
      agent: "agent-1",
      runMs: 5,
      used: undefined,
    });
  }

  /** Returns the state after the first events, also in the middle of a step, as the target of a reset. */
  resetTo(toEvent: number): ResetRun {
    const run = this.replay({ toEvent });
    const reply = showSnapshot.answer(run, undefined, { key: this.key, nowMs: this.driver.nowMs });
    if (isRefusal(reply)) throw new Error(reply.message);
    return ResetRun.fromPartial({ toEvent, snapshot: reply.bytes, reason: "once more" });
  }

  /** Returns the state after the first events. `check` receives the state after each of them. */
  replay({
    toEvent,
    check,
  }: {
    readonly toEvent?: number;
    readonly check?: (run: RunView) => void;
  }): RunView {
    const run = this.machine.create(this.key);
    const nothing: Outstanding = { effect() {}, settled() {}, timer() {}, cleared() {} };
    for (const { type, version, payload } of this.driver.history(this.key).slice(0, toEvent)) {
      const declared = this.machine.events.find((event) => event.type === type && event.version === version);
      declared?.evolve(run, declared.codec.decode(payload), nothing);
      check?.(run);
    }
    return run;
  }

  /** Types of the events so far. */
  get events(): readonly string[] {
    return this.driver.history(this.key).map(({ type }) => type);
  }
}
