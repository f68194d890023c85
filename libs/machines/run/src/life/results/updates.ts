/** Updates that a definition declares, with a reply. */
import { RunUpdated, UpdateRun } from "@tutti/contracts/workflow/v1";
import type { PlanEntry } from "@tutti/definitions";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { asPayload, dataOf, messageLengthMax, noBytes, truncate } from "@tutti/machine-work";
import { evaluate, evaluateCondition, evaluateInFull } from "../../core/evaluate/evaluate.ts";
import { type Scene, variables } from "../../core/evaluate/scene.ts";
import type { RunCommand } from "../../core/state/state.ts";
import { life } from "../../core/state/work-life.ts";
import { runErrors } from "../../errors.ts";
import { advance } from "../advance/advance.ts";
import { entryNamed, payloadOf } from "../entry/entries.ts";
import { updateTaken } from "../entry/events.ts";
import { refusalOf } from "../entry/queries.ts";
import { sceneOfRun } from "../entry/scene.ts";
import { assigned } from "../entry/variables.ts";

/** Validated first. A refused update leaves no event. */
export const updateRun: RunCommand<UpdateRun, RunUpdated> = {
  type: "update_run",
  codec: UpdateRun,
  reply: RunUpdated,
  decide(run, { update, payload }, step) {
    const over = life.refusalIfEnded(run, step);
    if (over !== undefined) return over;
    const entry = entryNamed(run, "update", update);
    if (isRefusal(entry)) return entry;
    const checked = payloadOf(entry, payload);
    if (isRefusal(checked)) return checked;
    const scene = sceneOfRun(run, { payload: checked.value });
    const refused = refusedBy(scene, entry);
    if (refused !== undefined) return refused;
    const subject = `the update ${update}`;
    const set = assigned(scene, entry.set, subject);
    if (!set.ok) return refusalOf(update, set.error);
    const answer = replyOf(scene, entry, set.vars);
    if (isRefusal(answer)) return answer;
    const number = (run.more?.lastUpdate ?? 0) + 1;
    step.emit(updateTaken, { number, update, payload, vars: set.vars, answer, updateMs: step.nowMs });
    const event = step.events;
    advance(run, step);
    return { answer: asPayload(dataOf(answer, undefined)), number, event };
  },
};

function refusedBy(scene: Scene, { name, validate, message }: PlanEntry): Refusal | undefined {
  const valid = evaluateCondition(scene, validate, `\`validate\` of ${name}`);
  if (!valid.ok) return refusalOf(name, valid.error);
  if (valid.value) return undefined;
  const text = message < 0 ? undefined : evaluate(scene, message, `\`message\` of ${name}`);
  const reason = text?.ok === true ? String(text.value) : "it is not valid now";
  return runErrors.updateRefused.refusal({ name, reason: truncate(reason, messageLengthMax) });
}

/** Computes the reply with the updated variables. */
function replyOf(scene: Scene, entry: PlanEntry, vars: Record<string, Uint8Array>): Uint8Array | Refusal {
  if (entry.output < 0) return noBytes;
  const all = new Map([...(scene.run.more?.vars ?? []), ...Object.entries(vars)]) as ReadonlyMap<
    string,
    Uint8Array
  >;
  const names = { ...scene.names, vars: variables(scene.run, all) };
  const result = evaluateInFull({ ...scene, names }, entry.output, `\`output\` of ${entry.name}`);
  return result.ok ? result.bytes : refusalOf(entry.name, result.error);
}
