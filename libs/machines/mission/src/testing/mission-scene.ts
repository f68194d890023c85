/** A mission in a test, driven without a runtime. */
import {
  AddTasksRequest,
  type BoardTask,
  ClaimBoardTasks,
  CompleteTasksRequest,
  JoinBoard,
  MissionOrder,
} from "@tutti/contracts/swarm/v1";
import { type Payload, TaskSpec } from "@tutti/contracts/types/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import { type DrivenEffect, MachineDriver } from "@tutti/kernel/testing";
import type { OfferBoardTask } from "../core/state/effects.ts";
import {
  addTasks,
  beginMission,
  claimTasks,
  completeTasks,
  joinBoard,
  type Mission,
  mission,
  showBoardTask,
  showMission,
} from "../index.ts";

export const missionKey = { namespace: "default", kind: "mission", id: "m" };

export function json(value: unknown): Payload {
  return { body: { $case: "inline", value: new TextEncoder().encode(JSON.stringify(value)) }, mediaType: "" };
}

/** Returns a task specification with this id and further fields. */
export function taskSpec(id: string, more: Parameters<typeof TaskSpec.fromPartial>[0] = {}): TaskSpec {
  const retry = { maxAttempts: 1 };
  return TaskSpec.fromPartial({ id, work: { $case: "capability", value: "work" }, retry, ...more });
}

type SpecInput = NonNullable<NonNullable<Parameters<typeof MissionOrder.fromPartial>[0]>["spec"]>;

export function orderOf(
  spec: SpecInput,
  more: Parameters<typeof MissionOrder.fromPartial>[0] = {},
): MissionOrder {
  return MissionOrder.fromPartial({ ...more, spec });
}

/** Returns the reply. Throws a refusal. */
export function accepted<Reply>(answer: Reply | Refusal | "ignored"): Reply {
  if (isRefusal(answer)) throw new Error(`${answer.code}: ${answer.message}`);
  return answer as Reply;
}

export function codeOf(answer: unknown): string {
  return isRefusal(answer) ? answer.code : "done";
}

export class MissionScene {
  readonly driver = new MachineDriver({ machines: [mission], service: "swarm" });
  readonly key = missionKey;

  static of(spec: SpecInput, more: Parameters<typeof MissionOrder.fromPartial>[0] = {}): MissionScene {
    const scene = new MissionScene();
    accepted(scene.driver.execute(scene.key, beginMission, { order: orderOf(spec, more) }));
    return scene;
  }

  get state(): Mission {
    return this.driver.state(this.key, mission);
  }

  get view() {
    return accepted(this.driver.query(this.key, showMission, { whole: true }));
  }

  task(taskId: string): BoardTask {
    return accepted(this.driver.query(this.key, showBoardTask, { taskId }));
  }

  /** Types of the events so far. */
  get events(): string[] {
    return this.driver.history(this.key).map(({ type }) => type);
  }

  join(
    agentId: string,
    more: Partial<{ role: string; topics: string[]; capabilities: string[]; version: string }> = {},
  ) {
    const { role = "", topics = [], capabilities = ["work"], version = "1.0.0" } = more;
    const offering = {
      capabilities: capabilities.map((name) => ({ name, version })),
      labels: {},
      resources: {},
    };
    const body = JoinBoard.fromPartial({ request: { agentId, role, topics }, offering });
    return this.driver.execute(this.key, joinBoard, body);
  }

  add(tasks: TaskSpec[], agentId = "", parentTaskId = "") {
    return this.driver.execute(
      this.key,
      addTasks,
      AddTasksRequest.fromPartial({ tasks, agentId, parentTaskId }),
    );
  }

  claim(
    agentId: string,
    more: Partial<{ taskIds: string[]; count: number; leaseMs: number }> = {},
  ): BoardTask[] {
    const body = ClaimBoardTasks.fromPartial({ request: { agentId, ...more } });
    return accepted(this.driver.execute(this.key, claimTasks, body)).tasks;
  }

  /** Completes claimed tasks. Returns the error codes of rejected ones. */
  complete(agentId: string, tasks: readonly BoardTask[], output: unknown = null, used = {}): string[] {
    const ends = tasks.map(({ claim }) => ({
      claimId: claim?.claimId ?? "",
      outcome: { $case: "output" as const, value: json(output) },
      used,
    }));
    return this.#completeTasks(agentId, ends);
  }

  fail(agentId: string, tasks: readonly BoardTask[], code = "work.broken", used = {}): string[] {
    const ends = tasks.map(({ claim }) => ({
      claimId: claim?.claimId ?? "",
      outcome: { $case: "failed" as const, value: { code, message: "it broke" } },
      used,
    }));
    return this.#completeTasks(agentId, ends);
  }

  #completeTasks(
    agentId: string,
    ends: NonNullable<Parameters<typeof CompleteTasksRequest.fromPartial>[0]>["ends"],
  ): string[] {
    const body = CompleteTasksRequest.fromPartial({ agentId, ...(ends && { ends }) });
    const { receipts } = accepted(this.driver.execute(this.key, completeTasks, body));
    return receipts.flatMap(({ refusal }) => (refusal === undefined ? [] : [refusal.code]));
  }

  /** Outstanding offers, by task. */
  get offers(): string[] {
    return this.driver.effects.flatMap(({ effect }) => (isOffer(effect) ? [effect.taskId] : []));
  }

  offer(taskId: string): DrivenEffect & { readonly effect: OfferBoardTask } {
    for (const each of this.driver.effects)
      if (isOffer(each.effect) && each.effect.taskId === taskId) return { ...each, effect: each.effect };
    throw new Error(`expected an offer of ${taskId}, got ${this.offers.join(", ")}`);
  }

  effect(number = 0): DrivenEffect {
    const found = this.driver.effects[number];
    if (found === undefined) throw new Error("expected an effect, got none");
    return found;
  }
}

function isOffer(effect: unknown): effect is OfferBoardTask {
  return typeof effect === "object" && effect !== null && (effect as { kind?: string }).kind === "offer_task";
}
