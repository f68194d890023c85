/** Faults of the processes of a cluster and of the lines between them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SmallDisk } from "@tutti/host/testing";
import type { Chance } from "@tutti/kernel";
import type { Cluster, Member } from "../../src/index.ts";
import { areCallersKnown } from "./callers.ts";
import type { Line } from "./links.ts";

export interface Surroundings {
  readonly cluster: Cluster;
  /** Lines by the port that they lead to. */
  readonly lines: ReadonlyMap<number, Line>;
  /** Disks that can be filled, by the member that writes to them. */
  readonly disks: ReadonlyMap<string, SmallDisk>;
  readonly directory: string;
  readonly chance: Chance;
  readonly signal: AbortSignal;
}

export interface Fault {
  readonly name: string;
  /** Duration in milliseconds. 0 for an instantaneous fault. */
  readonly lastsMs: number;
  /** Maximum of milliseconds from the start of the fault until everything is served again. */
  readonly goalMs: number | undefined;
  /** Whether the fault is possible on this machine. Default: it is. */
  readonly isPossible?: (surroundings: Surroundings) => boolean;
  /** Starts the fault. Resolves with a function that ends it. */
  inject(surroundings: Surroundings): Promise<() => Promise<void>>;
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
      inject: async (surroundings) => {
        randomMember(surroundings, kind).signal("SIGKILL");
        return nothing;
      },
    }),
  ),
  ...kinds.map(
    (kind): Fault => ({
      ...{ name: `freeze ${kind}`, lastsMs: 6_000, goalMs: undefined },
      inject: async (surroundings) => {
        const member = randomMember(surroundings, kind);
        member.signal("SIGSTOP");
        return async () => member.signal("SIGCONT");
      },
    }),
  ),
  ...(["workflow", "swarm", "master", "registry", "nats"] as const).map(
    (kind): Fault => ({
      ...{ name: `cut off ${kind}`, lastsMs: 6_000, goalMs: undefined },
      inject: async (surroundings) =>
        inLines(surroundings, randomMember(surroundings, kind), { kind: "cut" }),
    }),
  ),
  ...(["workflow", "swarm", "master", "nats"] as const).map(
    (kind): Fault => ({
      ...{ name: `cut off both ways ${kind}`, lastsMs: 6_000, goalMs: undefined },
      isPossible: () => areCallersKnown,
      inject: async (surroundings) => {
        const member = randomMember(surroundings, kind);
        const repair = inLines(surroundings, member, { kind: "cut" });
        const lines = [...surroundings.lines.values()];
        const { pid } = member;
        if (pid !== undefined) await Promise.all(lines.map((line) => line.cutFor(pid)));
        return async () => {
          for (const line of lines) line.repair();
          await repair();
        };
      },
    }),
  ),
  ...(["workflow", "swarm", "nats"] as const).map(
    (kind): Fault => ({
      ...{ name: `slow lines to ${kind}`, lastsMs: 6_000, goalMs: undefined },
      inject: async (surroundings) =>
        inLines(surroundings, randomMember(surroundings, kind), { kind: "slow", ms: 100 }),
    }),
  ),
  ...([-90_000, 90_000] as const).map(
    (skewMs): Fault => ({
      ...{ name: `clock of workflow ${skewMs / 1_000} s off`, lastsMs: 6_000, goalMs: undefined },
      inject: async (surroundings) => {
        const { pid } = randomMember(surroundings, "workflow");
        const file = skewFileOf(surroundings.directory, pid);
        await writeFile(file, String(skewMs));
        return () => writeFile(file, "0");
      },
    }),
  ),
  {
    ...{ name: "full disk of nats", lastsMs: 6_000, goalMs: undefined },
    isPossible: ({ disks }) => disks.size > 0,
    inject: async ({ disks, cluster }) => {
      await Promise.all([...disks.values()].map((disk) => disk.fill()));
      return async () => {
        await Promise.all([...disks.values()].map((disk) => disk.empty()));
        // A server that failed to write stores nothing until a restart, which the probe of its pod would cause.
        for (const name of disks.keys()) cluster.member(name).signal("SIGKILL");
      };
    },
  },
  {
    ...{ name: "restart everything", lastsMs: 0, goalMs: undefined },
    inject: async ({ cluster, signal }) => {
      await cluster.roll(
        cluster.members.map(({ name }) => name),
        signal,
      );
      return nothing;
    },
  },
];

/** Returns the file from which a process reads its clock skew. */
function skewFileOf(directory: string, pid: number | undefined): string {
  return join(directory, "skew", String(pid));
}

export async function createSkews(directory: string): Promise<void> {
  await mkdir(join(directory, "skew"), { recursive: true });
}

function randomMember({ cluster, chance }: Surroundings, kind: Kind): Member {
  const members = cluster.members.filter(({ planned, pid }) => planned.kind === kind && pid !== undefined);
  const member = members[Math.floor(chance.random() * members.length)];
  if (member === undefined) throw new Error(`no ${kind} runs`);
  return member;
}

function inLines(
  { lines }: Surroundings,
  { planned }: Member,
  condition: Parameters<Line["become"]>[0],
): () => Promise<void> {
  const itsLines = Object.values(planned.ports).flatMap((port) => lines.get(port) ?? []);
  for (const line of itsLines) line.become(condition);
  return async () => {
    for (const line of itsLines) line.become({ kind: "sound" });
  };
}
