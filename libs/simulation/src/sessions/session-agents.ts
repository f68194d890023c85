/** The answers of agents to tasks of sessions: the result of the work, with the name of the agent. */
import type { Assign } from "@tutti/contracts/agent/v1";
import { ErrorDetail, RetryClass } from "@tutti/contracts/types/v1";
import type { Chance } from "@tutti/kernel";
import type { AgentAnswer } from "../pools/simulated-agent.ts";
import { keyOf } from "../pools/tokens.ts";
import { expectedValue, type TaskInput } from "./sessions-plan.ts";

/** An assigned attempt. */
export interface AssignedAttempt {
  readonly workId: string;
  readonly taskId: string;
}

export class SessionAgents {
  /** By their tokens. */
  readonly assigned = new Map<string, AssignedAttempt>();
  readonly #chance: Chance;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  answerTo({ token, workId, taskId, attempt, input }: Assign): AgentAnswer {
    const by = keyOf(token);
    this.assigned.set(by, { workId, taskId });
    const used = { tokens: Math.floor(this.#chance.random() * 4), money: 0, timeMs: 0 };
    const content =
      input?.$case === "inlineInput" ? JSON.parse(Buffer.from(input.value).toString()) : undefined;
    if (content?.question !== undefined) return this.#decide(content.question, attempt, by);
    const taskInput = content as TaskInput | undefined;
    if (taskInput === undefined || taskInput.fails < 0) return failed("work.hopeless", by, used);
    if (attempt <= taskInput.fails) return failed("work.broken", by, used);
    const value = Buffer.from(JSON.stringify({ value: expectedValue(taskInput), by }));
    return { outcome: { $case: "inlineOutput", value }, used };
  }

  /** Returns a decision. The first try of some decisions fails. */
  #decide(question: Parameters<typeof decideRandomly>[0], attempt: number, by: string): AgentAnswer {
    const used = { tokens: 0, money: 0, timeMs: 0 };
    if (attempt === 1 && this.#chance.random() < 0.2) return failed("work.broken", by, used);
    const decision = JSON.stringify(decideRandomly(question, this.#chance));
    return { outcome: { $case: "inlineOutput", value: Buffer.from(decision) }, used };
  }
}

function failed(code: string, message: string, used: NonNullable<AgentAnswer["used"]>): AgentAnswer {
  const retry = code === "work.hopeless" ? RetryClass.RETRY_CLASS_NEVER : RetryClass.RETRY_CLASS_SAME_KEY;
  return { outcome: { $case: "failed", value: ErrorDetail.fromPartial({ code, message, retry }) }, used };
}

/** The part of a question that it reads. */
interface Question {
  readonly tasks: readonly RequestedTask[];
  readonly agents: readonly { readonly id: string }[];
}

interface RequestedTask {
  readonly id: string;
  readonly mode: string;
  readonly isReady: boolean;
  readonly hasStarted: boolean;
  readonly endMs: number;
}

const modes = ["workflow", "swarm", "intelligence"];
const askAgainAfterMs = 400;

/**
 * An orchestrator of a user with random decisions: it starts some of the ready tasks, delegates some, and
 * sometimes does nothing.
 *
 * Returns JSON, like any program.
 */
function decideRandomly({ tasks, agents }: Question, chance: Chance): object {
  const happens = (share: number): boolean => chance.random() < share;
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance.random() * list.length)];
  const open = tasks.filter(({ mode, hasStarted, endMs }) => mode === "custom" && !hasStarted && endMs === 0);
  const start = open
    .filter(({ isReady }) => isReady && happens(0.7))
    .map(({ id }) => ({ task: id, agent: happens(0.5) ? (pick(agents)?.id ?? "") : "" }));
  const started = new Set(start.map(({ task }) => task));
  const remaining = open.flatMap(({ id }) => (started.has(id) ? [] : [id]));
  const moved = happens(0.15) ? remaining.filter(() => happens(0.5)) : [];
  return {
    start,
    move: moved.length === 0 ? [] : [{ tasks: moved, to: pick(modes), reason: "by lot" }],
    reason: `of ${tasks.length}`,
    ...(start.length === 0 && { askAgainAfterMs }),
  };
}
