import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endWithProcess } from "@tutti/kernel/end-with-process";
import { natsServerProgram } from "@tutti/nats/testing";
import { type Child, startChild, workspace } from "./child.ts";

interface ClusterMember {
  readonly name: string;
  readonly kind: string;
  readonly pid: number;
  readonly ports: { readonly http: number };
}

export interface RunningCluster extends Child {
  /** HTTP URL of its gateway. */
  readonly http: string;
  readonly members: readonly ClusterMember[];
}

/**
 * Starts a cluster with `tutti cluster up` in a separate directory: three NATS servers, two of each engine.
 */
export async function startCluster(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningCluster> {
  const nats = await natsServerProgram();
  if (nats.skip !== false) throw new Error(nats.skip);
  const directory = await mkdtemp(join(tmpdir(), "tutti-bench-cluster-"));
  endWithProcess(directory);
  const program = join(workspace, "apps/cluster/src/program.ts");
  const fixed = ["up", `--directory=${directory}`, `--nats-server=${nats.path}`, "--port=0", "--json"];
  const child = await startChild([program, ...fixed, ...args], { until: membersLine, environment });
  const members = child.output;
  const front = members.find(({ kind }) => kind === "gateway");
  return {
    pid: child.pid,
    members,
    http: `http://127.0.0.1:${front?.ports.http ?? 0}`,
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function membersLine(line: string): readonly ClusterMember[] | undefined {
  return line.startsWith("{") ? JSON.parse(line).members : undefined;
}
