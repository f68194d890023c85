/** Names that expressions of a mission can see. */
import type { Payload } from "@tutti/contracts/types/v1";
import type { Value } from "@tutti/expressions";
import type { ReadOnly } from "@tutti/kernel";
import { dataOfPayload, parsed, taskValue } from "@tutti/machine-work";
import { availableOf, limitOf } from "../budget/accounting.ts";
import { type MissionView, specOf } from "../state/state.ts";

/** Returns the value of a name. Throws `UnreadableData` for data that is not JSON. */
export function valueOfName(mission: MissionView, name: string, nowMs: number): Value | undefined {
  const dot = name.indexOf(".");
  if (dot > 0) {
    const rest = name.slice(dot + 1);
    return name.startsWith("tasks") ? boardTaskValue(mission, rest) : entryValue(mission, rest);
  }
  switch (name) {
    case "input":
      return payloadValue(specOf(mission).input);
    case "tasks":
      return Object.fromEntries(mission.tasks.map((task) => [task.spec.id, taskValue(task)]));
    case "board":
      return Object.fromEntries(
        [...mission.entries.values()].flatMap(({ key, value }) =>
          value === undefined ? [] : [[key, payloadValue(value)]],
        ),
      );
    case "votes":
      return Object.fromEntries(
        [...mission.votes.values()].map(({ vote }) => [vote.voteId, voteValue(vote)]),
      );
    case "budget":
      return {
        limit: { ...limitOf(mission) },
        spent: { ...mission.spent },
        reserved: { ...mission.reserved },
        available: { ...availableOf(mission) },
      };
    case "time":
      return { nowMs, startMs: mission.beginMs, elapsedMs: Math.max(0, nowMs - mission.beginMs) };
    default:
      return undefined;
  }
}

function payloadValue(payload: ReadOnly<Payload> | undefined): Value {
  return parsed(dataOfPayload(payload as Payload | undefined));
}

function boardTaskValue(mission: MissionView, id: string): Value | undefined {
  const task = mission.tasks[mission.byId.get(id) ?? -1];
  return task === undefined ? undefined : taskValue(task);
}

function entryValue({ entries }: MissionView, key: string): Value | undefined {
  const value = entries.get(key)?.value;
  return value === undefined ? undefined : payloadValue(value);
}

function voteValue({
  outcome,
  ballots,
}: ReadOnly<MissionView["votes"] extends ReadonlyMap<string, infer V> ? V : never>["vote"]): Value {
  return {
    closed: outcome !== undefined,
    winner: outcome?.winner ?? "",
    quorumReached: outcome?.quorumReached ?? false,
    ballots: ballots.length,
  };
}
