/** Sequential models of board entries, locks and run ids. */
import type { Model } from "@tutti/simulation/linearizability";

/**
 * An entry of a blackboard. After an unacknowledged write its version is unknown, but above the last one.
 */
export interface Entry {
  readonly value: string;
  readonly version: number;
  readonly isExact: boolean;
}

export type EntryInput =
  | { readonly kind: "read" }
  | { readonly kind: "write"; readonly value: string; readonly ifVersion?: number };

export type EntryOutput =
  | { readonly kind: "is"; readonly value: string; readonly version: number }
  | { readonly kind: "written"; readonly version: number }
  | { readonly kind: "lost"; readonly value: string; readonly version: number };

export const entryModel: Model<Entry, EntryInput, EntryOutput> = {
  initial: { value: "", version: 0, isExact: true },
  step(state, input, output) {
    if (input.kind === "read") {
      if (output === undefined) return state;
      return output.kind === "is" ? afterRead(state, output) : undefined;
    }
    const { value, ifVersion } = input;
    if (output === undefined) {
      const mayApply = ifVersion === undefined || isAt(state, ifVersion);
      return mayApply
        ? { value, version: Math.max(state.version, ifVersion ?? 0) + 1, isExact: false }
        : state;
    }
    if (output.kind === "written") {
      if (ifVersion !== undefined && !isAt(state, ifVersion)) return;
      const least = state.isExact ? state.version + 1 : state.version;
      return output.version >= least ? { value, version: output.version, isExact: true } : undefined;
    }
    if (output.kind !== "lost" || output.version === ifVersion) return;
    return afterRead(state, output);
  },
  keyOf: ({ value, version, isExact }) => `${value} ${version} ${isExact}`,
};

function isAt({ version, isExact }: Entry, expected: number): boolean {
  return isExact ? version === expected : expected >= version;
}

/** Returns the state after a read. Undefined if the read is impossible. */
function afterRead(
  state: Entry,
  { value, version }: { readonly value: string; readonly version: number },
): Entry | undefined {
  return state.value === value && isAt(state, version) ? { value, version, isExact: true } : undefined;
}

/** A lock: its holder, and the greatest token so far. */
export interface LockState {
  readonly holder: string;
  readonly token: number;
}

export type LockInput = { readonly kind: "acquire" | "release"; readonly holder: string };
export type LockOutput =
  | { readonly kind: "granted"; readonly token: number }
  | { readonly kind: "refused" }
  | { readonly kind: "released"; readonly was: boolean };

export const lockModel: Model<LockState, LockInput, LockOutput> = {
  initial: { holder: "", token: 0 },
  step(state, { kind, holder }, output) {
    const isHis = state.holder === holder;
    if (kind === "acquire") {
      if (output === undefined) return state.holder === "" ? { holder, token: state.token } : state;
      if (output.kind === "refused") return state.holder !== "" && !isHis ? state : undefined;
      if (output.kind !== "granted") return;
      // The holder gets its own grant, with the token that it may never have received.
      if (isHis) return output.token >= state.token ? { holder, token: output.token } : undefined;
      return state.holder === "" && output.token > state.token ? { holder, token: output.token } : undefined;
    }
    if (output !== undefined && output.kind !== "released") return;
    // The gateway repeats a release without a reply. The repeated release finds no holder.
    if (output?.was === true && !isHis) return;
    return isHis ? { holder: "", token: state.token } : state;
  },
  keyOf: ({ holder, token }) => `${holder} ${token}`,
};

/** An id of a run, with its owner once it has one. */
export type IdInput = { readonly kind: "start"; readonly by: string } | { readonly kind: "look" };
export type IdOutput =
  | { readonly kind: "his" }
  | { readonly kind: "taken" }
  | { readonly kind: "is"; readonly by: string };

export const idModel: Model<string, IdInput, IdOutput> = {
  initial: "",
  step(state, input, output) {
    if (input.kind === "look")
      return output === undefined || (output.kind === "is" && output.by === state) ? state : undefined;
    const after = state === "" ? input.by : state;
    if (output === undefined) return after;
    if (output.kind === "his") return after === input.by ? after : undefined;
    return output.kind === "taken" && state !== "" && state !== input.by ? state : undefined;
  },
  keyOf: (state) => state,
};
