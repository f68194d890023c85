/**
 * An orchestrator of a user, which decides by lot: it starts some of what can start, gives some away, and now and then
 * nothing.
 */
import type { Chance } from "@tutti/kernel";

/** What of a question it looks at. */
interface Question {
  readonly tasks: readonly AskedTask[];
  readonly agents: readonly { readonly id: string }[];
}

interface AskedTask {
  readonly id: string;
  readonly mode: string;
  readonly isReady: boolean;
  readonly hasBegun: boolean;
  readonly endMs: number;
}

const modes = ["workflow", "swarm", "intelligence"];
const againMs = 400;

/** As JSON, like any program's. */
export function decideByLot({ tasks, agents }: Question, chance: Chance): object {
  const happens = (share: number): boolean => chance.random() < share;
  const oneOf = <T>(list: readonly T[]): T | undefined => list[Math.floor(chance.random() * list.length)];
  const open = tasks.filter(({ mode, hasBegun, endMs }) => mode === "custom" && !hasBegun && endMs === 0);
  const begin = open
    .filter(({ isReady }) => isReady && happens(0.7))
    .map(({ id }) => ({ task: id, agent: happens(0.5) ? (oneOf(agents)?.id ?? "") : "" }));
  const begun = new Set(begin.map(({ task }) => task));
  const left = open.flatMap(({ id }) => (begun.has(id) ? [] : [id]));
  const moved = happens(0.15) ? left.filter(() => happens(0.5)) : [];
  return {
    begin,
    move: moved.length === 0 ? [] : [{ tasks: moved, to: oneOf(modes), reason: "by lot" }],
    reason: `of ${tasks.length}`,
    ...(begin.length === 0 && { againMs }),
  };
}
