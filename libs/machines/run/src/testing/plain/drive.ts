/** Drives a drawn run by itself, without the runtime and without faults; which result comes next is left to chance. */
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import { CompleteTask, FailTask } from "@tutti/contracts/workflow/v1";
import type { Json } from "@tutti/expressions";
import type { Chance } from "@tutti/kernel";
import type { OfferTask, RunEffect } from "../../effects.ts";
import { cancelRun } from "../../life/commands.ts";
import { jsonBytes, jsonOf } from "../json.ts";
import { RunScene } from "../scene.ts";
import type { DrawnRun } from "./drawn-run.ts";
import { isUndo, RunCheck } from "./run-check.ts";
import { answerOf, type Script, undoOf } from "./script.ts";

const stepsMax = 2_000;

/** Gives what was wrong. @param script what agents do; what the run's own script says unless given */
export function driveRun(run: DrawnRun, chance: Chance, script = run.script): readonly string[] {
  const scene = new RunScene();
  const { driver, key, machine } = scene;
  const check = new RunCheck(machine, key, run);
  scene.begin(JSON.stringify(run.document), { input: jsonBytes(run.input) });
  const offered = new Set<string>();
  let results = 0;
  for (let step = 0; step < stepsMax; step++) {
    const due = driver.effects;
    for (const { number, attempt, effect } of due) {
      if (!offered.has(`${number}#${attempt}`)) check.offered(effect as OfferTask);
      offered.add(`${number}#${attempt}`);
    }
    const next = due[Math.floor(chance.random() * due.length)];
    if (next !== undefined && (chance.random() < 0.8 || driver.nextDueMs === undefined)) {
      const { command, body } = resultOf(script, next.effect as RunEffect);
      driver.settleBy(next, command, body);
      if (++results === run.cancelAfter) driver.execute(key, cancelRun, { reason: "" });
    } else if (driver.nextDueMs !== undefined) driver.advance(driver.nextDueMs - driver.nowMs);
    else break;
  }
  for (const { type, version, payload } of driver.history(key)) {
    const declared = machine.events.find((event) => event.type === type && event.version === version);
    check.event(type, version, declared?.codec.decode(payload));
  }
  check.finish();
  return check.findings;
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
