/**
 * Owners of agent ids: of every agent that has a key, a role or a principal in governance. Any process can use all
 * other ids, such as those that the processes of a fleet generate.
 */
import type { BundleContent } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import { systemNamespace } from "@tutti/policy";
import type { Visitor } from "./visitor.ts";

export class AgentNames {
  #reserved: ReadonlySet<string> = new Set();

  renew({ principals, bindings, keys }: Pick<BundleContent, "principals" | "bindings" | "keys">): void {
    const reserved = new Set<string>();
    const reserve = (namespace: string, actor: Actor | undefined) => {
      if (actor?.kind === ActorKind.ACTOR_KIND_AGENT) reserved.add(`${namespace}/${actor.id}`);
    };
    for (const { namespace, actor } of [...principals, ...keys]) reserve(namespace, actor);
    for (const { namespace, subject } of bindings)
      if (subject?.$case === "actor") reserve(namespace, subject.value);
    this.#reserved = reserved;
  }

  /**
   * Returns whether an id in a namespace belongs to another agent than the caller. The operator of agents may act for
   * them.
   */
  isOfAnother({ kind, id }: Visitor, namespace: string, agentId: string): boolean {
    if (kind !== "agent" || id === agentId) return false;
    return [namespace, systemNamespace].some((scope) => this.#reserved.has(`${scope}/${agentId}`));
  }
}
