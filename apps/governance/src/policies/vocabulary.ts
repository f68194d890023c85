/** The vocabulary of this installation, from its contracts. */
import * as agent from "@tutti/contracts/agent/v1";
import * as blob from "@tutti/contracts/blob/v1";
import * as governance from "@tutti/contracts/governance/v1";
import * as insight from "@tutti/contracts/insight/v1";
import * as intelligence from "@tutti/contracts/intelligence/v1";
import * as registry from "@tutti/contracts/registry/v1";
import type { ServiceDescription } from "@tutti/contracts/rpc";
import * as runtime from "@tutti/contracts/runtime/v1";
import * as session from "@tutti/contracts/session/v1";
import * as swarm from "@tutti/contracts/swarm/v1";
import * as workflow from "@tutti/contracts/workflow/v1";
import { edgeActions } from "@tutti/host";
import { nearest } from "@tutti/kernel";
import { tenantErrors } from "@tutti/machine-entities/tenant";
import { Vocabulary } from "@tutti/policy";

const areas = [agent, blob, governance, insight, intelligence, registry, runtime, session, swarm, workflow];

let cached: Vocabulary | undefined;

/** Made at the first use: most processes with the service never need it. */
export function vocabulary(): Vocabulary {
  cached ??= new Vocabulary([
    ...areas
      .flatMap((area) => Object.values(area).filter(isService))
      .flatMap(({ methods }) => Object.values(methods)),
    ...Object.values(edgeActions),
  ]);
  return cached;
}

/** Rejects actions that no service implements: they would grant nothing, without a warning. */
export function requireServed(field: string, actions: readonly string[]): void {
  const violations = actions.flatMap((action, index) => {
    const message = unserved(action);
    return message === undefined ? [] : [{ field: `${field}[${index}]`, message }];
  });
  const [first] = violations;
  if (first !== undefined) throw tenantErrors.invalid({ problem: first.message }, { violations });
}

/** Returns the problem of an action, or of a pattern, that no service implements. */
export function unserved(action: string): string | undefined {
  const { actions } = vocabulary();
  if (vocabulary().matching([action]).length > 0) return undefined;
  const known = [...new Set(action.includes("*") ? actions.flatMap(prefixesOf).map(allOf) : actions)];
  const instead = nearest(action, known) ?? known.find((candidate) => candidate.endsWith(`.${action}`));
  const advice = instead === undefined ? `; there are ${besides(action)}` : `, did you mean ${instead}?`;
  return `no service has an action like ${action}${advice}`;
}

/** Returns the implemented actions with the longest correct beginning. */
function besides(action: string): string {
  const { actions } = vocabulary();
  const right = prefixesOf(action).find((prefix) =>
    actions.some((candidate) => candidate.startsWith(`${prefix}.`)),
  );
  const start = right === undefined ? "" : `${right}.`;
  const segmentCount = start.split(".").length;
  const next = actions
    .filter((candidate) => candidate.startsWith(start))
    .map((candidate) => truncate(candidate, segmentCount));
  return [...new Set(next)].join(", ");
}

/** Returns the first words of an action, with a mark if there are more. */
function truncate(action: string, segmentCount: number): string {
  const all = action.split(".");
  return all.length > segmentCount ? allOf(all.slice(0, segmentCount).join(".")) : action;
}

/** Returns the prefixes, the longest first: `workflow.runs` and `workflow` of `workflow.runs.start`. */
function prefixesOf(action: string): readonly string[] {
  const segments = action.split(".").slice(0, -1);
  return segments.map((_, index) => segments.slice(0, segments.length - index).join("."));
}

const allOf = (prefix: string): string => `${prefix}.*`;

function isService(value: unknown): value is ServiceDescription {
  return typeof value === "object" && value !== null && "methods" in value && "area" in value;
}
