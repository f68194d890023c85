/** Times and authors of changes, as in snapshots. */
import { KeptBy } from "@tutti/contracts/governance/v1";
import type { Since } from "../../index.ts";

export function byOf({ createMs, updateMs, createCause, cause, revision }: Since): KeptBy {
  return { createMs, updateMs, createCause, updateCause: cause, revision };
}

export function sinceOf(by: KeptBy = KeptBy.create()): Since {
  const { createMs, updateMs, createCause, updateCause, revision } = by;
  return { createMs, updateMs, createCause, cause: updateCause, revision };
}
