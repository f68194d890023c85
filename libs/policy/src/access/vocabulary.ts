/**
 * What can be asked of an installation, as its contracts say it: actions, and the kinds of things that they are about.
 * From it follows the schema that policies are checked against, so a policy about an action without a service is
 * distinguished from one that merely permits nothing.
 */
import { ActorKind } from "@tutti/contracts/types/v1";
import { matchesAny } from "./action-pattern.ts";

/** What an rpc says of itself. */
export interface NamedAction {
  /** `workflow.runs.start` */
  readonly action: string;
  /** `run` */
  readonly resource: string;
}

/** In which group all actions are that change nothing. */
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

  /** All actions, in the order of the alphabet. */
  get actions(): readonly string[] {
    return [...this.#resources.keys()].sort();
  }

  has(action: string): boolean {
    return this.#resources.has(action);
  }

  /** Kinds of things that an action is about. */
  resourcesOf(action: string): readonly string[] {
    return [...(this.#resources.get(action) ?? [])].sort();
  }

  /** Actions that one of the patterns matches. */
  matching(patterns: readonly string[]): readonly string[] {
    return this.actions.filter((action) => matchesAny(patterns, action));
  }
}

/** `Run` for `run`, `ApiKey` for `api_key`: how a kind is called in a policy. */
export function entityType(kind: string): string {
  return kind
    .split(/[^a-z0-9]+/i)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
}

/** The groups an action is in: `workflow.runs.*`, `workflow.*`, and `read` where it changes nothing. */
export function groupsOf(action: string): readonly string[] {
  const words = action.split(".");
  const groups = words
    .slice(0, -1)
    .map((_, index) => `${words.slice(0, words.length - 1 - index).join(".")}.*`);
  return reads.has(words.at(-1) ?? "") ? [...groups, readGroup] : groups;
}
