/**
 * A machine that stores data and does no work. It lives as long as its namespace, has one behaviour and one form of
 * snapshots, and shows the same data that it stores. This is written here once for all kinds.
 */
import { WorkStatus } from "@tutti/contracts/types/v1";
import { kernelErrors, type Machine, type ReadOnly, type WireCodec } from "@tutti/kernel";
import type { Encoded } from "./sameness.ts";

type Parts = "kind" | "commands" | "events" | "runsWhilePaused" | "isConfidential" | "expire";

export interface Entity<State, Effect, Snapshot> extends Pick<Machine<State, Effect>, Parts> {
  create(): State;
  readonly queries?: Machine<State, Effect>["queries"];
  readonly recover?: Machine<State, Effect>["recover"];
  /** Snapshots of the state. */
  readonly snapshot: {
    readonly codec: Encoded<Snapshot> & WireCodec<Snapshot>;
    /** Its result is encoded or displayed, and never changed. */
    of(state: State): Snapshot;
    from(snapshot: Snapshot): State;
  };
  /** Default: running. */
  status?(state: ReadOnly<State>): WorkStatus;
  /** Labels in lists. Default: none. */
  labels?(state: ReadOnly<State>): Readonly<Record<string, string>>;
  /** Default: true. */
  readonly idChosen?: boolean;
  /** Default: 1. */
  readonly behaviour?: number;
}

const newest = 1;

/** Returns the machine of a kind. */
export function entity<State, Effect = never, Snapshot = unknown>(
  kind: Entity<State, Effect, Snapshot>,
): Machine<State, Effect> {
  const {
    snapshot,
    status,
    labels,
    idChosen = true,
    behaviour = 1,
    queries = [],
    recover = () => {},
    ...parts
  } = kind;
  const { codec } = snapshot;
  return {
    ...parts,
    behaviour,
    isEndless: true,
    queries,
    recover,
    snapshots: {
      version: newest,
      encode: (state) => codec.encode(snapshot.of(state as State)).finish(),
      decode(bytes, version) {
        if (version === newest) return snapshot.from(codec.decode(bytes));
        throw kernelErrors.snapshotUnknown({ kind: kind.kind, version, newest });
      },
    },
    describe: (state) => ({
      status: status?.(state) ?? WorkStatus.WORK_STATUS_RUNNING,
      definition: "",
      labels: labels?.(state) ?? {},
      idChosen,
    }),
    project: (state) => codec.toJSON(snapshot.of(state as State)),
  };
}
