/** Repetitions of agents: the same task, message or handoff. For folds and for deciders that count. */
import type { MessageTarget, SentMessage } from "@tutti/contracts/swarm/v1";
import type { Payload, TaskSpec } from "@tutti/contracts/types/v1";
import { stableHash } from "@tutti/kernel";
import { seenMax } from "../../core/state/limits.ts";
import type { Mission } from "../../core/state/state.ts";

/** Returns a key that is equal for the same task under another id. */
export function taskKey({ work, input }: Pick<TaskSpec, "work" | "input">): string {
  const name = work?.$case === "capability" ? work.value : (work?.value.name ?? "");
  return keyed("task", work?.$case ?? "", name, textOf(input));
}

/** Returns a key for the same text from one agent to the same receivers. */
export function messageKey(agent: string, { to, body }: Pick<SentMessage, "to" | "body">): string {
  return keyed("message", agent, targetText(to), textOf(body));
}

export function handoffKey(task: string, from: string, to: string): string {
  return keyed("handoff", task, from, to);
}

export function targetText(to: MessageTarget | undefined): string {
  const target = to?.target;
  if (target === undefined) return "";
  return target.$case === "everybody" ? "everybody" : `${target.$case} ${target.value}`;
}

function textOf(payload: Payload | undefined): string {
  if (payload?.body === undefined) return "";
  return payload.body.$case === "inline"
    ? Buffer.from(payload.body.value).toString("latin1")
    : Buffer.from(payload.body.value.sha256).toString("latin1");
}

/** Two hashes of 32 bits: collisions are not expected in the life of a mission. */
function keyed(...parts: readonly string[]): string {
  return `${stableHash(...parts).toString(36)}-${stableHash("again", ...parts).toString(36)}`;
}

export function countRepetitions(mission: Mission, specs: readonly TaskSpec[]): void {
  // Tasks with the same key in one call are one piece of work that was split.
  for (const key of new Set(specs.map(taskKey))) count(mission, key);
}

export function count({ repetitions }: Mission, key: string): void {
  const before = repetitions.get(key);
  if (before === undefined && repetitions.size >= seenMax)
    repetitions.delete(repetitions.keys().next().value as string);
  repetitions.set(key, (before ?? 0) + 1);
}
