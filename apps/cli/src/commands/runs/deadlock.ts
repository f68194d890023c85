/** The deadlock that a work was in, as a part of the answer to `tutti why`. */
import type { Deadlock, DeadlockEdge, Explanation, WorkReference } from "@tutti/rest/types";
import type { Server } from "../../server/calls.ts";
import { printAge } from "../../terminal/time.ts";

/** Of the newest deadlocks, so many are read. */
const readMax = 100;

/** Returns the explanation with the newest deadlock of the work as a part. A caller that may not see locks sees the rest. */
export async function withDeadlock(
  server: Server,
  explanation: Explanation,
  nowMs: number,
): Promise<Explanation> {
  const { id = "", task = "" } = explanation.about ?? {};
  const query = { ...server.namespace, size: readMax };
  const { deadlocks } = await server.call("locks.deadlocks", { query }).catch(() => ({ deadlocks: [] }));
  const part = deadlockPart(deadlocks, { id, task }, nowMs);
  return part === undefined ? explanation : { ...explanation, parts: [...explanation.parts, part] };
}

/** The newest deadlock comes first. */
export function deadlockPart(
  deadlocks: readonly Deadlock[],
  about: { readonly id: string; readonly task: string },
  nowMs: number,
): Explanation | undefined {
  const isAbout = ({ id, task = "" }: WorkReference) =>
    id === about.id && (about.task === "" || task === "" || task === about.task);
  const found = deadlocks.find(({ circle }) => circle.some(({ waiter }) => waiter && isAbout(waiter)));
  const own = found?.circle.find(({ waiter }) => waiter && isAbout(waiter));
  if (found === undefined || own?.waiter === undefined) return undefined;
  const { victim, findTimeMs = nowMs } = found;
  const isVictim = victim !== undefined && isAbout(victim);
  const cycle = found.circle.map(edgeText).join(", and ");
  const ending = isVictim
    ? "It was the victim: its wait ended with `session.deadlock`"
    : `The victim was ${nameOf(victim)}: its wait ended, and this work gets the lock ${own.lock} when ${nameOf(own.holder)} releases it`;
  return {
    about: own.waiter,
    summary: `It was in a deadlock ${printAge(findTimeMs, nowMs)}: ${cycle}. ${ending}.`,
    waits: [],
    candidates: [],
    failures: [],
    parts: [],
    remedies: [
      {
        text: isVictim
          ? "Release the locks that it holds, and acquire them again."
          : "See who holds the lock and who waits for it.",
        command: `tutti lock show ${own.lock}`,
      },
      { text: "To prevent the cycle, acquire the locks in the same order in all works." },
    ],
  };
}

function edgeText({ waiter, lock = "", holder }: DeadlockEdge): string {
  return `${nameOf(waiter)} waits for the lock ${lock}, which ${nameOf(holder)} holds`;
}

function nameOf(work: WorkReference | undefined): string {
  return work === undefined ? "an unknown work" : [work.kind, work.id, work.task].filter(Boolean).join(" ");
}
