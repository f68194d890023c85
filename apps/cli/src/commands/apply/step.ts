/** A step of applying files: a resource with its change, and the comparison that finds the change. */
import { type Difference, differencesOf } from "@tutti/definitions/differences";
import type { Actor, Cause, Schedule, Trigger } from "@tutti/rest/types";
import { Failure } from "../../command/failure.ts";
import type { Shell } from "../../effects/shell.ts";
import type { Applied } from "../../local/check-applied.ts";
import type { Server } from "../../server/calls.ts";
import { nothingApplied } from "./folder.ts";
import { isChangedSince, labelsOf, partOf, setOf, withoutOwner } from "./owner.ts";
import { keepsUnset, type LiveWork, present } from "./resources.ts";

export type Spec = Readonly<Record<string, unknown>>;

/** A resource that files describe or no longer describe, and its change. */
export interface Step {
  readonly kind: Applied["kind"];
  readonly id: string;
  readonly fileName: string;
  readonly outcome: "created" | "updated" | "unchanged" | "deleted";
  readonly differences: readonly Difference[];
  /** Set if the resource was changed on the platform since the last apply. */
  readonly drift?: Drift | undefined;
  /** Runs that stay on earlier versions of a workflow. */
  readonly liveRuns?: number;
  /** Work that the change affects. Undefined if the caller may not read it. */
  readonly live?: readonly LiveWork[] | undefined;
  /** Set if it is paused on the platform, and the file does not set this. */
  readonly staysPaused?: boolean;
  /** Missing requirements on the platform, as sentences. */
  readonly problems?: readonly string[];
  readonly write: () => Promise<void>;
}

export interface Drift {
  readonly actor?: Actor;
  readonly reason?: string;
  readonly timeMs?: number;
}

export interface ApplyOptions {
  readonly set: string | undefined;
  /** Takes over resources of another set. */
  readonly isForced: boolean;
  readonly shell: Shell;
}

export function outcomeOf(found: object | undefined, differences: readonly Difference[]): Step["outcome"] {
  if (found === undefined) return "created";
  return differences.length === 0 ? "unchanged" : "updated";
}

/** Compares two descriptions, and returns the labels that the resource gets. */
export function compare(
  kind: string,
  id: string,
  {
    found,
    spec,
    options,
  }: { readonly found: Spec | undefined; readonly spec: Spec; readonly options: ApplyOptions },
) {
  const setThere = setOf((found as { readonly labels?: Record<string, string> } | undefined)?.labels);
  requireOwn(kind, id, setThere, options);
  // Without a set, a resource stays in its present set.
  const set = options.set ?? setThere;
  const labels = labelsOf(spec, set, keepsUnset(kind));
  if (found === undefined) return { set, labels, differences: [], isDrifted: false };
  const isDrifted = isChangedSince(found) ?? false;
  const described = withoutOwner(spec);
  const there = withoutOwner(found);
  const own = differencesOf(keepsUnset(kind) ? partOf(there, described) : there, described);
  const ownership = [
    ...(set === setThere ? [] : [{ path: "set", before: setThere, after: set }]),
    // The platform already matches the file, but the hash of the last apply is older.
    ...(set === setThere && own.length === 0 && isDrifted
      ? [{ path: "set", before: "changed", after: set }]
      : []),
  ];
  return { set, labels, differences: [...own, ...ownership], isDrifted };
}

export function requireOwn(
  kind: string,
  id: string,
  there: string | undefined,
  { set, isForced }: ApplyOptions,
): void {
  if (set === undefined || there === undefined || set === there || isForced) return;
  throw nothingApplied(`The ${kind} \`${id}\` belongs to the set \`${there}\`, not to \`${set}\`.`, {
    next: ["Delete it from the files of one set, or take it over with --force."],
  });
}

export function activeRuns(count: number | undefined): readonly LiveWork[] {
  return present([["active runs", count]]);
}

export function liveOf(found: Schedule | Trigger): readonly LiveWork[] {
  if ("scheduleId" in found) return activeRuns((found as Schedule).liveRunIds?.length);
  return present([["waiting events", (found as Trigger).counts?.waiting]]);
}

export function driftOf(cause: (Cause & { readonly timeMs?: number }) | undefined): Drift {
  const { actor, reason = "", timeMs } = cause ?? {};
  return {
    ...(actor !== undefined && { actor }),
    ...(reason !== "" && { reason }),
    ...(timeMs !== undefined && { timeMs }),
  };
}

/** Returns the cause of the last change from the audit log. Undefined if the caller cannot read it. */
export async function auditCause(
  server: Server,
  kind: string,
  id: string,
): Promise<(Cause & { readonly timeMs?: number }) | undefined> {
  const query = { ...server.namespace, workKind: kind, workId: id, size: 1 };
  const reply = await server.call("audit.search", { query }).catch((error: unknown) => {
    if (error instanceof Failure) return undefined;
    throw error;
  });
  const [record] = reply?.records ?? [];
  if (record?.cause === undefined) return undefined;
  return { ...record.cause, ...(record.timeMs !== undefined && { timeMs: record.timeMs }) };
}
