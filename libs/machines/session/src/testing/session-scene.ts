/** A session in a driver, with simulated parts and their reports about tasks. */
import { type Goal, type Mode, SessionOrder, TaskNote } from "@tutti/contracts/session/v1";
import { type Amounts, type Payload, TaskSpec, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { type DrivenEffect, MachineDriver } from "@tutti/kernel/testing";
import { experience } from "@tutti/machine-entities/experience";
import type { SessionEffect } from "../effects.ts";
import {
  beginSession,
  confirmOperation,
  confirmPart,
  endPart,
  noteTasks,
  recordGoal,
  type Session,
  session,
  showSession,
} from "../index.ts";
import { partOfId } from "../numbers.ts";

export const sessionKey = { namespace: "default", kind: "session", id: "s" };

export function json(value: unknown): Payload {
  return { body: { $case: "inline", value: new TextEncoder().encode(JSON.stringify(value)) }, mediaType: "" };
}

/** Returns a task specification with this id and further fields. */
export function taskSpec(
  id: string,
  needs: readonly string[] = [],
  more: Parameters<typeof TaskSpec.fromPartial>[0] = {},
): TaskSpec {
  return TaskSpec.fromPartial({
    ...{ id, work: { $case: "capability", value: "work" } },
    needs: needs.map((task) => ({ task })),
    ...more,
  });
}

/** Returns the reply. Throws a refusal. */
export function accepted<Reply>(answer: Reply | Refusal | "ignored"): Reply {
  if (isRefusal(answer)) throw new Error(`${answer.code}: ${answer.message}`);
  return answer as Reply;
}

export function codeOf(answer: unknown): string {
  return isRefusal(answer) ? answer.code : "done";
}

type SpecInput = NonNullable<NonNullable<Parameters<typeof SessionOrder.fromPartial>[0]>["spec"]>;

export class SessionScene {
  readonly driver = new MachineDriver({
    machines: [session, experience],
    service: "master",
    outside: ["workflow", "swarm"],
  });
  readonly key = sessionKey;

  static of(
    mode: Mode,
    tasks: readonly TaskSpec[],
    more: SpecInput & { output?: string } = {},
  ): SessionScene {
    const scene = new SessionScene();
    const { output = "", ...rest } = more;
    const work = { $case: "tasks" as const, value: { tasks: [...tasks], output, input: undefined } };
    const order = SessionOrder.fromPartial({ spec: { ...rest, mode } });
    if (order.spec !== undefined) order.spec.work = work;
    accepted(scene.driver.execute(scene.key, beginSession, { order }));
    return scene;
  }

  static ofGoal(goal: Partial<Goal>, mode: Mode, more: SpecInput = {}): SessionScene {
    const scene = new SessionScene();
    const order = SessionOrder.fromPartial({ spec: { ...more, mode } });
    const value = { description: "a page", input: undefined, planner: "tutti.plan", reached: "", ...goal };
    if (order.spec !== undefined) order.spec.work = { $case: "goal", value };
    accepted(scene.driver.execute(scene.key, beginSession, { order }));
    return scene;
  }

  /** Completes the breakdown of the goal with these tasks. */
  planned(tasks: readonly TaskSpec[], output = "", used?: Amounts): void {
    const list = { tasks: [...tasks], output, input: undefined };
    accepted(this.driver.settle(this.effect("ask_planner"), recordGoal, { tasks: list, used }));
  }

  get state(): Session {
    return this.driver.state(this.key, session);
  }

  get view() {
    return accepted(this.driver.query(this.key, showSession, { whole: true }));
  }

  get output(): unknown {
    const result = this.view.outcome?.result;
    if (result?.$case !== "completed" || result.value.body?.$case !== "inline") return undefined;
    return JSON.parse(new TextDecoder().decode(result.value.body.value));
  }

  /** Kinds of outstanding requests, with the part. */
  get requested(): string[] {
    return this.driver.effects.map(({ effect }) => {
      const { kind } = effect as SessionEffect;
      return "partId" in (effect as object) ? `${kind} ${(effect as { partId: string }).partId}` : kind;
    });
  }

  effect<Kind extends SessionEffect["kind"]>(
    kind: Kind,
    part = "",
  ): DrivenEffect & { readonly effect: Extract<SessionEffect, { kind: Kind }> } {
    for (const each of this.driver.effects) {
      const effect = each.effect as SessionEffect;
      if (effect.kind !== kind || (part !== "" && "partId" in effect && effect.partId !== part)) continue;
      return { ...each, effect: effect as Extract<SessionEffect, { kind: Kind }> };
    }
    throw new Error(`expected ${kind} ${part}, got ${this.requested.join(", ")}`);
  }

  confirm(part = "p1"): void {
    accepted(this.driver.settle(this.effect("start_part", part), confirmPart, {}));
  }

  operate(part = "p1", withdrawnTaskIds: string[] = []) {
    const requested = this.effect("operate_part", part);
    accepted(this.driver.settle(requested, confirmOperation, { withdrawnTaskIds, begunTaskIds: [] }));
    return requested.effect.operation.operation;
  }

  note(part: string, id: string, status: TaskStatus, output?: unknown): void {
    const notes = [this.noteOf(id, status, output)];
    accepted(this.driver.execute(this.key, noteTasks, { part: partOfId(part), notes, openApprovals: 0 }));
  }

  done(part: string, id: string, output: unknown = id): void {
    this.note(part, id, TaskStatus.TASK_STATUS_COMPLETED, output);
  }

  noteOf(id: string, status: TaskStatus, output?: unknown): TaskNote {
    const { nowMs } = this.driver;
    return TaskNote.fromPartial({
      ...{ task: this.state.byId.get(id) ?? -1, status, attempts: 1, startMs: nowMs, endMs: nowMs },
      output: output === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(output)),
      ...(status === TaskStatus.TASK_STATUS_FAILED && {
        error: { code: "work.broken", message: "it broke" },
      }),
    });
  }

  endPart(
    part = "p1",
    status: WorkStatus = WorkStatus.WORK_STATUS_COMPLETED,
    notes: TaskNote[] = [],
    used?: Amounts,
  ): void {
    const body = { notes, status, error: undefined, used };
    accepted(this.driver.settle(this.effect("follow_part", part), endPart, body));
  }

  /** Types of the events so far. */
  get events(): string[] {
    return this.driver.history(this.key).map(({ type }) => type);
  }
}
