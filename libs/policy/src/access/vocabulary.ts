/**
 * The vocabulary of an installation, from its contracts: actions, and the kinds of their resources. It
 * determines the schema of policies, so that a policy with an unknown action is distinguished from one that
 * merely permits nothing.
 */
import { ActorKind } from "@tutti/contracts/types/v1";
import { matchesAny } from "./action-pattern.ts";

/** The declaration of an rpc. */
export interface NamedAction {
  /** `workflow.runs.start` */
  readonly action: string;
  /** `run` */
  readonly resource: string;
}

/** The group of all actions that change nothing. */
const readGroup = "read";

const reads = new Set([
  "get",
  "list",
  "watch",
  "search",
  "count",
  "find",
  "explain",
  "export",
  "prove",
  "verify",
]);

export const principalTypes: Readonly<Partial<Record<ActorKind, string>>> = {
  [ActorKind.ACTOR_KIND_PERSON]: "Person",
  [ActorKind.ACTOR_KIND_SERVICE]: "Service",
  [ActorKind.ACTOR_KIND_AGENT]: "Agent",
};

export class Vocabulary {
  readonly #resources = new Map<string, Set<string>>();

  constructor(named: Iterable<NamedAction>) {
    for (const { action, resource } of named) {
      const known = this.#resources.get(action) ?? new Set();
      this.#resources.set(action, known.add(resource));
    }
  }

  /** All actions in alphabetical order. */
  get actions(): readonly string[] {
    return [...this.#resources.keys()].sort();
  }

  has(action: string): boolean {
    return this.#resources.has(action);
  }

  /** Returns the kinds of resources of an action. */
  resourcesOf(action: string): readonly string[] {
    return [...(this.#resources.get(action) ?? [])].sort();
  }

  /** Returns the actions that one of the patterns matches. */
  matching(patterns: readonly string[]): readonly string[] {
    return this.actions.filter((action) => matchesAny(patterns, action));
  }
}

/** Returns the type of a kind in policies: `Run` for `run`, `ApiKey` for `api_key`. */
export function entityType(kind: string): string {
  return kind
    .split(/[^a-z0-9]+/i)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
}

/** Returns the groups of an action: `workflow.runs.*`, `workflow.*`, and `read` if it changes nothing. */
export function groupsOf(action: string): readonly string[] {
  const segments = action.split(".");
  const groups = segments
    .slice(0, -1)
    .map((_, index) => `${segments.slice(0, segments.length - 1 - index).join(".")}.*`);
  return reads.has(segments.at(-1) ?? "") ? [...groups, readGroup] : groups;
}
