/** State of a cluster in its directory, for other processes. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ifPresent, replaceFile, systemCodeOf } from "@tutti/kernel";
import type { Member, Ports } from "../plan/plan.ts";
import type { Shape } from "../plan/shape.ts";

interface MemberState extends Pick<Member, "name" | "kind" | "ports"> {
  /** Undefined while it does not run. */
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly lastEnd: string;
  readonly log: string;
}

export interface ClusterState {
  /** The supervising process. */
  readonly pid: number;
  /** Addresses of all gateways, with commas between them. Clients that start in the folder use them. */
  readonly url: string;
  readonly shape: Shape;
  readonly ports: Ports;
  readonly members: readonly MemberState[];
}

const nameOfState = "cluster.json";
const requestedShapeFile = "wanted.json";

/** Reads the state. Undefined if there never was a cluster. */
export function readState(directory: string): Promise<ClusterState | undefined> {
  return read<ClusterState>(join(directory, nameOfState));
}

export function writeState(directory: string, state: ClusterState): Promise<void> {
  return write(join(directory, nameOfState), state);
}

/** Returns the requested shape. */
export function readRequestedShape(directory: string): Promise<Shape | undefined> {
  return read<Shape>(join(directory, requestedShapeFile));
}

export function writeRequestedShape(directory: string, shape: Shape): Promise<void> {
  return write(join(directory, requestedShapeFile), shape);
}

async function read<Content>(path: string): Promise<Content | undefined> {
  const text = await ifPresent(readFile(path, "utf8"));
  return text === undefined ? undefined : (JSON.parse(text) as Content);
}

/** Writes a file atomically: readers see the old or the new content. */
async function write(path: string, content: unknown): Promise<void> {
  const fresh = `${path}.new`;
  await writeFile(fresh, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600 });
  await replaceFile(fresh, path);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}
