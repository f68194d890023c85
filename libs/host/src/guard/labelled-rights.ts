/** Identities whose rights depend on labels of objects. All others are decided without reading labels. */
import type { BundleContent } from "@tutti/contracts/governance/v1";
import { actorKinds, type Visitor } from "./visitor.ts";

export class LabelledRights {
  /** Statements of policies may read labels of any object. */
  readonly #inPolicies: boolean;
  /** Identities with a role on objects with certain labels only: `2:ada`, `group:ops`. */
  readonly #subjects: ReadonlySet<string>;
  readonly #groups = new Map<string, readonly string[]>();

  constructor({ policies, bindings, principals }: BundleContent) {
    this.#inPolicies = policies.some(({ text }) => /\b(has|get)Tag\s*\(/.test(text));
    const subjects = new Set<string>();
    for (const { resources, subject } of bindings) {
      if (resources === undefined || subject === undefined) continue;
      subjects.add(
        subject.$case === "group" ? `group:${subject.value}` : `${subject.value.kind}:${subject.value.id}`,
      );
    }
    this.#subjects = subjects;
    if (subjects.size === 0) return;
    for (const { actor, groups } of principals) {
      if (actor === undefined || groups.length === 0) continue;
      const key = `${actor.kind}:${actor.id}`;
      this.#groups.set(key, [...(this.#groups.get(key) ?? []), ...groups]);
    }
  }

  countFor({ kind, id, credential }: Visitor): boolean {
    if (credential.scope.resources !== undefined || this.#inPolicies) return true;
    if (this.#subjects.size === 0) return false;
    const key = `${actorKinds[kind]}:${id}`;
    const groups = [...credential.groups, ...(this.#groups.get(key) ?? [])];
    return this.#subjects.has(key) || groups.some((group) => this.#subjects.has(`group:${group}`));
  }
}
