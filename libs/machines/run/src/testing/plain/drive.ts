/** Drives a drawn run by itself, without the runtime and without faults; which result comes next is left to chance. */
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask, RunOrder, SignalRun } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { Chance, InstanceKey } from "@tutti/kernel";
import type { DrivenEffect } from "@tutti/kernel/testing";
import { confirmChild } from "../../child/commands.ts";
import type { RunEffect, StartChild } from "../../effects.ts";
import { beginRun, cancelRun } from "../../life/commands.ts";
import { signalRun } from "../../signal/commands.ts";
import { jsonBytes, jsonOf } from "../json.ts";
import { RunScene } from "../scene.ts";
import { childRunOf } from "./child.ts";
import type { DrawnRun } from "./drawn-run.ts";
import { isUndo, RunCheck } from "./run-check.ts";
import { answerOf, type Script, undoOf } from "./script.ts";
import { signalPayload, signalsFor } from "./signals.ts";

const stepsMax = 2_000;

/** Gives what was wrong. @param script what agents do; what the run's own script says unless given */
export function driveRun(run: DrawnRun, chance: Chance, script = run.script): readonly string[] {
  const drive = new Drive(run, script, chance);
  drive.run();
  return drive.findings();
}

class Drive {
  readonly #scene = new RunScene();
  readonly #chance: Chance;
  readonly #script: Script;
  readonly #cancelAfter: number;
  /** By the run's id: the drawn one, and its children. */
  readonly #runs = new Map<string, { readonly run: DrawnRun; readonly check: RunCheck }>();
  readonly #offered = new Set<string>();
  /** Names of those that are still to come. */
  #signals: string[];
  #results = 0;

  constructor(run: DrawnRun, script: Script, chance: Chance) {
    this.#chance = chance;
    this.#script = script;
    this.#cancelAfter = run.cancelAfter;
    this.#begin(this.#scene.key, run, {});
    this.#signals = signalsFor(run.document).slice();
  }

  run(): void {
    const { driver } = this.#scene;
    for (let step = 0; step < stepsMax; step++) {
      for (const due of driver.effects) this.#offer(due);
      const { effects, letters, nextDueMs } = driver;
      const next = effects[Math.floor(this.#chance.random() * effects.length)];
      const luck = this.#chance.random();
      if (this.#signals.length > 0 && (luck < 0.1 || (next === undefined && letters.length === 0)))
        this.#signal();
      else if (letters.length > 0 && (luck < 0.5 || next === undefined)) driver.deliver();
      else if (next !== undefined && (luck < 0.85 || nextDueMs === undefined)) this.#settle(next);
      else if (nextDueMs !== undefined) driver.advance(nextDueMs - driver.nowMs);
      else return;
    }
  }

  findings(): readonly string[] {
    const { driver, machine } = this.#scene;
    return [...this.#runs].flatMap(([id, { check }]) => {
      for (const { type, version, payload } of driver.history({ ...this.#scene.key, id })) {
        const declared = machine.events.find((event) => event.type === type && event.version === version);
        check.event(type, version, declared?.codec.decode(payload));
      }
      check.finish();
      return check.findings;
    });
  }

  #signal(): void {
    const { driver, key } = this.#scene;
    const payload = { body: { $case: "inline" as const, value: jsonBytes(signalPayload) } };
    const signal = this.#signals.pop() ?? "";
    driver.execute(key, signalRun, SignalRun.fromPartial({ signal, payload }));
  }

  #begin(key: InstanceKey, run: DrawnRun, more: Parameters<typeof RunOrder.fromPartial>[0]): void {
    const { driver, machine, definitions } = this.#scene;
    this.#runs.set(key.id, { run, check: new RunCheck(machine, key, run) });
    const hash = definitions.add(JSON.stringify(run.document));
    driver.execute(key, beginRun, {
      order: RunOrder.fromPartial({ hash, input: jsonBytes(run.input), ...more }),
    });
  }

  #offer({ key, number, attempt, effect }: DrivenEffect): void {
    const name = `${key.id} ${number}#${attempt}`;
    if (!this.#offered.has(name)) this.#runs.get(key.id)?.check.offered(effect as RunEffect);
    this.#offered.add(name);
  }

  #settle(due: DrivenEffect): void {
    const { driver, key } = this.#scene;
    const effect = due.effect as RunEffect;
    const known = this.#runs.get(due.key.id);
    if (known === undefined) throw new Error(`there is no run ${due.key.id}`);
    if (effect.kind === "start_child") {
      this.#startChild(due.key, known.run, effect);
      const { id } = childKeyOf(due.key, effect);
      driver.settle(due, confirmChild, { id, hash: "", existed: false, ending: undefined });
      return;
    }
    const { command, body } = resultOf(due.key.id === key.id ? this.#script : known.run.script, effect);
    driver.settleBy(due, command, body);
    if (++this.#results === this.#cancelAfter) driver.execute(key, cancelRun, { reason: "" });
  }

  #startChild(key: InstanceKey, run: DrawnRun, effect: StartChild): void {
    const { taskId: task, parentClose } = effect;
    const parent = { ...key, task };
    this.#begin(childKeyOf(key, effect), childRunOf(run, effect), { parent, parentClose });
  }
}

function childKeyOf(key: InstanceKey, { childId }: StartChild): InstanceKey {
  return { ...key, id: childId };
}

/** A command with the token of its attempt. */
export interface AgentResult {
  readonly command: string;
  readonly body: object;
}

/** What an agent that follows the script says. */
export function resultOf(script: Script, effect: RunEffect): AgentResult {
  if (effect.kind !== "offer_task") throw new Error(`expected an offer, found ${effect.kind}`);
  const { taskId, attempt, input } = effect;
  const answer = answerOf(script, isUndo(effect) ? undoOf(taskId) : taskId, attempt);
  if ("fails" in answer) {
    const retry = answer.isFinal === true ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_UNSPECIFIED;
    const error = ErrorDetail.fromPartial({ code: answer.fails, message: "as the script says", retry });
    return { command: "fail_task", body: FailTask.fromPartial({ error, agent: "agent-1" }) };
  }
  const given = input instanceof Uint8Array ? (jsonOf(input) as Json) : null;
  const output = "gives" in answer ? answer.gives : given;
  const bytes = output === null ? new Uint8Array(0) : jsonBytes(output);
  return { command: "complete_task", body: CompleteTask.fromPartial({ output: bytes, agent: "agent-1" }) };
}
