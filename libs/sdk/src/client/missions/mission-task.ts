/** A task of a mission, as the handler that is running on it sees its mission. */
import { sdkErrors } from "../../errors.ts";
import type { Blackboard } from "./blackboard.ts";
import type { MissionBudget } from "./budget.ts";
import type { Conversation } from "./conversation.ts";
import type { MissionHandle } from "./mission.ts";
import {
  type ClaimedTask,
  type DelegateOptions,
  type HandOffOptions,
  type Participation,
  requireDelegation,
  requireHandOff,
  type Successor,
} from "./participation.ts";
import type { MissionTask } from "./spec.ts";
import type { Votes } from "./votes.ts";

interface TaskIdentity {
  readonly taskId: string;
  readonly agentId: string;
  readonly pool: string;
}

/** The mission knows that an agent is running a moment after it started. */
const pollsMax = 100;

export class MissionTaskContext {
  readonly mission: MissionHandle;
  readonly taskId: string;
  readonly #participation: Participation;

  private constructor(mission: MissionHandle, participation: Participation, taskId: string) {
    this.mission = mission;
    this.taskId = taskId;
    this.#participation = participation;
  }

  /** An agent that does not take part yet joins, in no role. */
  static async join(
    mission: MissionHandle,
    { taskId, agentId, pool }: TaskIdentity,
  ): Promise<MissionTaskContext> {
    const { participants } = await mission.get();
    const isParticipant = participants.some((participant) => participant.agentId === agentId);
    const participation = isParticipant
      ? mission.participant(agentId)
      : await mission.join(agentId, { pool });
    return new MissionTaskContext(mission, participation, taskId);
  }

  get board(): Blackboard {
    return this.#participation.board;
  }

  get messages(): Conversation {
    return this.#participation.messages;
  }

  get votes(): Votes {
    return this.#participation.votes;
  }

  get budget(): MissionBudget {
    return this.#participation.budget;
  }

  /** Adds tasks to the board. They are independent of the outcome of this task. */
  addTasks(tasks: readonly MissionTask[]): Promise<void> {
    return this.#participation.addTasks(tasks);
  }

  /** Delegates a part of the task, with fewer rights than this task has. The part ends with the task. */
  async delegate(task: MissionTask, options: DelegateOptions = {}): Promise<void> {
    requireDelegation(options);
    await (await this.#claim()).delegate(task, options);
  }

  /** Hands the task to another agent. The return value of the handler is ignored. */
  async handOff(to: Successor, options: HandOffOptions = {}): Promise<void> {
    requireHandOff(to, options);
    await (await this.#claim()).handOff(to, options);
  }

  async #claim(): Promise<ClaimedTask> {
    const { agentId } = this.#participation;
    for (let polls = 0; polls < pollsMax; polls++) {
      const claimed = await this.#participation.claimed(this.taskId);
      if (claimed !== undefined) return claimed;
    }
    throw sdkErrors.replyIncomplete({ about: `the claim of ${agentId} to the task ${this.taskId}` });
  }
}
