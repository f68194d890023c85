/** Requests to a running cluster, from another process. */

import { pollFor } from "../effects/waiting.ts";
import { clusterErrors } from "../errors.ts";
import { endLeftovers } from "../running/cluster.ts";
import { readinessOfAll } from "../running/readiness.ts";
import { type ClusterState, isAlive, readState, writeRequestedShape } from "../running/state-file.ts";
import { countsIn, shapeWith } from "./shape-options.ts";
import { tableOf } from "./table.ts";

/** Longer than any process takes to hand over, and to be ready again. */
const patienceMs = 120_000;

export async function status(directory: string, json: boolean): Promise<number> {
  const state = await running(directory);
  const readiness = await readinessOfAll(state.members);
  if (json) {
    const members = state.members.map((member, index) => ({ ...member, ...readiness[index] }));
    process.stdout.write(`${JSON.stringify({ ...state, members })}\n`);
  } else process.stdout.write(`${tableOf(state, readiness)}\n`);
  return readiness.every(({ isReady }) => isReady) ? 0 : 1;
}

export async function scale(directory: string, args: readonly string[]): Promise<number> {
  const { pid, shape } = await running(directory);
  const requested = shapeWith(shape, countsIn(args));
  await writeRequestedShape(directory, requested);
  process.kill(pid, "SIGHUP");
  // A process that takes over partitions may be unready again a moment later, so the table shows the same reading.
  const table = await until(async () => {
    const state = await running(directory);
    const readiness = await readinessOfAll(state.members);
    const isThere = JSON.stringify(state.shape.processes) === JSON.stringify(requested.processes);
    return isThere && readiness.every(({ isReady }) => isReady) ? tableOf(state, readiness) : undefined;
  });
  process.stdout.write(`${table}\n`);
  return 0;
}

export async function restart(directory: string, names: readonly string[], all: boolean): Promise<number> {
  const state = await running(directory);
  const { members } = state;
  const chosen = all ? members.map(({ name }) => name) : names;
  // A wrong name restarts nothing.
  for (const name of chosen) memberOf(state, name);
  if (chosen.length === 0)
    throw clusterErrors.noneNamed({ members: members.map(({ name }) => name).join(", ") });
  for (const name of chosen) {
    const before = memberOf(await running(directory), name);
    if (before.pid !== undefined) process.kill(before.pid, "SIGTERM");
    await until(async () => {
      const state = await running(directory);
      const { pid } = memberOf(state, name);
      return pid !== undefined && pid !== before.pid && (await allReady(state)) ? state : undefined;
    });
    process.stdout.write(`${name} is ready again\n`);
  }
  return 0;
}

export async function down(directory: string): Promise<number> {
  const state = await readState(directory);
  if (state === undefined) throw clusterErrors.notUp({ directory });
  const { pid } = state;
  if (!isAlive(pid)) {
    // The supervising process was killed. The processes of the cluster may still run.
    const ended = await endLeftovers(state, directory);
    process.stdout.write(
      ended === 0 ? "No cluster runs here.\n" : `Ended ${ended} processes of a cluster without supervisor.\n`,
    );
    return 0;
  }
  process.kill(pid, "SIGTERM");
  await until(() => Promise.resolve(isAlive(pid) ? undefined : true));
  process.stdout.write("The cluster is stopped. Its data remains.\n");
  return 0;
}

async function running(directory: string): Promise<ClusterState> {
  const state = await readState(directory);
  if (state === undefined || !isAlive(state.pid)) throw clusterErrors.notUp({ directory });
  return state;
}

function memberOf({ members }: ClusterState, name: string) {
  const found = members.find((member) => member.name === name);
  if (found === undefined)
    throw clusterErrors.noSuchMember({ name, members: members.map((member) => member.name).join(", ") });
  return found;
}

async function allReady(state: ClusterState): Promise<boolean> {
  return (await readinessOfAll(state.members)).every(({ isReady }) => isReady);
}

async function until<Found>(poll: () => Promise<Found | undefined>): Promise<Found> {
  const found = await pollFor(poll, patienceMs);
  if (found === undefined) throw clusterErrors.tooLong({ seconds: patienceMs / 1_000 });
  return found;
}
