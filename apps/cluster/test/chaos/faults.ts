/** What can go wrong with the processes of a cluster and the lines between them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Chance } from "@tutti/kernel";
import type { Cluster, Member } from "../../src/index.ts";
import type { Line } from "./links.ts";

export interface Surroundings {
  readonly cluster: Cluster;
  /** The line before a port. */
  readonly lines: ReadonlyMap<number, Line>;
  readonly directory: string;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

export interface Fault {
  readonly name: string;
  /** How long it lasts, milliseconds; 0 for what is over as it happens. */
  readonly lastsMs: number;
  /** How long it may take until everything is served again, from its beginning, milliseconds. */
  readonly goalMs: number | undefined;
  /** Gives how to end it. */
  begin(surroundings: Surroundings): Promise<() => Promise<void>>;
}

const nothing = async (): Promise<void> => {};
const serviceGoalMs = 3_000;
const natsGoalMs = 12_000;
const kinds = ["registry", "governance", "workflow", "swarm", "master", "gateway", "nats"] as const;
type Kind = (typeof kinds)[number];
const goalOf = (kind: Kind) => (kind === "nats" ? natsGoalMs : serviceGoalMs);

export const faults: readonly Fault[] = [
  ...kinds.map(
    (kind): Fault => ({
      ...{ name: `kill ${kind}`, lastsMs: 0, goalMs: goalOf(kind) },
      begin: async (surroundings) => {
        oneOf(surroundings, kind).signal("SIGKILL");
        return nothing;
      },
    }),
  ),
  ...kinds.map(
    (kind): Fault => ({
      ...{ name: `freeze ${kind}`, lastsMs: 6_000, goalMs: undefined },
      begin: async (surroundings) => {
        const member = oneOf(surroundings, kind);
        member.signal("SIGSTOP");
        return async () => member.signal("SIGCONT");
      },
    }),
  ),
  ...(["workflow", "swarm", "master", "registry", "nats"] as const).map(
    (kind): Fault => ({
      ...{ name: `cut off ${kind}`, lastsMs: 6_000, goalMs: undefined },
      begin: (surroundings) => inLines(surroundings, kind, { kind: "cut" }),
    }),
  ),
  ...(["workflow", "swarm", "nats"] as const).map(
    (kind): Fault => ({
      ...{ name: `slow lines to ${kind}`, lastsMs: 6_000, goalMs: undefined },
      begin: (surroundings) => inLines(surroundings, kind, { kind: "slow", ms: 100 }),
    }),
  ),
  ...([-90_000, 90_000] as const).map(
    (skewMs): Fault => ({
      ...{ name: `clock of workflow ${skewMs / 1_000} s off`, lastsMs: 6_000, goalMs: undefined },
      begin: async (surroundings) => {
        const { pid } = oneOf(surroundings, "workflow");
        const file = skewFileOf(surroundings.directory, pid);
        await writeFile(file, String(skewMs));
        return () => writeFile(file, "0");
      },
    }),
  ),
  {
    ...{ name: "restart everything", lastsMs: 0, goalMs: undefined },
    begin: async ({ cluster, signal }) => {
      await cluster.roll(
        cluster.members.map(({ name }) => name),
        signal,
      );
      return nothing;
    },
  },
];

/** Where a process looks how wrong its clock is. */
function skewFileOf(directory: string, pid: number | undefined): string {
  return join(directory, "skew", String(pid));
}

export async function makeSkews(directory: string): Promise<void> {
  await mkdir(join(directory, "skew"), { recursive: true });
}

function oneOf({ cluster, chance }: Surroundings, kind: Kind): Member {
  const members = cluster.members.filter(({ planned, pid }) => planned.kind === kind && pid !== undefined);
  const member = members[Math.floor(chance.random() * members.length)];
  if (member === undefined) throw new Error(`no ${kind} runs`);
  return member;
}

async function inLines(
  surroundings: Surroundings,
  kind: Kind,
  condition: Parameters<Line["become"]>[0],
): Promise<() => Promise<void>> {
  const { ports } = oneOf(surroundings, kind).planned;
  const lines = Object.values(ports).flatMap((port) => surroundings.lines.get(port) ?? []);
  for (const line of lines) line.become(condition);
  return async () => {
    for (const line of lines) line.become({ kind: "sound" });
  };
}
