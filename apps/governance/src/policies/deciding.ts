/**
 * Decisions for governance itself: by the policies after all local changes, before a bundle has reached any
 * process.
 */
import type { BundleContent } from "@tutti/contracts/governance/v1";
import { type Actor, ActorKind } from "@tutti/contracts/types/v1";
import type { CallContext, Clock, Labels, Principal } from "@tutti/kernel";
import { type Cedar, loadCedar, PolicyEvaluator, scopeFault, systemNamespace } from "@tutti/policy";
import type { BundleBuilder } from "../bundles/bundle-builder.ts";

const kinds = {
  person: ActorKind.ACTOR_KIND_PERSON,
  service: ActorKind.ACTOR_KIND_SERVICE,
  agent: ActorKind.ACTOR_KIND_AGENT,
} as const;

export function actorOf({ kind, id }: Principal): Actor {
  return { kind: kinds[kind], id };
}

/** The present evaluator, and its content. */
export interface Present {
  readonly cedar: Cedar;
  readonly evaluator: PolicyEvaluator;
  readonly content: BundleContent;
}

/** One resource, of the kind of the action. */
export interface About {
  readonly resourceId: string;
  readonly labels: Labels;
}

const anything: About = { resourceId: "", labels: {} };

export class Deciding {
  readonly #bundles: BundleBuilder;
  readonly #clock: Pick<Clock, "now">;
  #cedar: Promise<Cedar> | undefined;
  #present: Present | undefined;

  constructor(bundles: BundleBuilder, clock: Pick<Clock, "now">) {
    this.#bundles = bundles;
    this.#clock = clock;
  }

  cedar(): Promise<Cedar> {
    this.#cedar ??= loadCedar();
    return this.#cedar;
  }

  async present(): Promise<Present> {
    const [{ content }, cedar] = await Promise.all([this.#bundles.current(), this.cedar()]);
    if (this.#present?.content !== content)
      this.#present = { cedar, content, evaluator: new PolicyEvaluator(cedar, content) };
    return this.#present;
  }

  /**
   * Returns whether the caller may also do another action, in a namespace, on any resource or on one. The
   * installation's own processes may.
   */
  async mayAlso(
    { principal }: Pick<CallContext, "principal">,
    action: string,
    namespace: string,
    { resourceId, labels }: About = anything,
  ): Promise<boolean> {
    const { credential } = principal;
    if (credential === undefined) return principal.roles.includes("admin");
    const { namespace: own, groups, scope } = credential;
    const isOutside = own !== "" && own !== systemNamespace && own !== namespace;
    if (isOutside || scopeFault(scope, { action, namespace, labels, work: undefined }) !== undefined)
      return false;
    const { evaluator } = await this.present();
    const about = { resourceKind: action.split(".")[1]?.replace(/s$/, "") ?? "", resourceId, labels };
    const question = { actor: actorOf(principal), groups, action, namespace, ...about };
    return evaluator.decide(question, this.#clock.now()).allowed;
  }
}
