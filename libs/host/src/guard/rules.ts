/**
 * The bundle in force, and the authorizer that is made of it.
 *
 * 1. A bundle that is refused changes nothing: the present one stays, until it is too old.
 * 2. Of a bundle that says the same as the one before, only its age counts: what was found out by the one before still
 *    holds.
 */
import { type Bundle, BundleContent } from "@tutti/contracts/governance/v1";
import { BundleCache, loadCedar, type TrustedKeys } from "@tutti/policy";
import { Authorizer } from "./authorizer.ts";

export interface RulesInForce {
  readonly authorizer: Authorizer;
  readonly content: BundleContent;
}

export class Rules {
  readonly #bundles: BundleCache;
  readonly #loadCedar: typeof loadCedar;
  #taken: RulesInForce | undefined;
  #refused = "";

  constructor(keys: TrustedKeys, load = loadCedar) {
    this.#loadCedar = load;
    this.#bundles = new BundleCache(keys);
  }

  /** Number of the present bundle. 0 before the first. */
  get number(): number {
    return this.#bundles.present?.content.number ?? 0;
  }

  /** Why the last bundle that was offered is not taken. Empty when it was. */
  get refused(): string {
    return this.#refused;
  }

  /** What decides now. Undefined before the first bundle, and when the present one is too old. */
  inForce(nowMs: number): RulesInForce | undefined {
    return this.#bundles.inForce(nowMs) === undefined ? undefined : this.#taken;
  }

  /** Returns whether there is one that is merely too old. */
  isStale(nowMs: number): boolean {
    return this.#bundles.present !== undefined && this.#bundles.inForce(nowMs) === undefined;
  }

  /**
   * Takes a bundle in. Returns its content, or undefined where it is refused. Throws where its policies cannot be loaded:
   * the present bundle stays, and the same one may be taken again.
   */
  async take(bundle: Bundle, nowMs: number): Promise<BundleContent | undefined> {
    const found = this.#bundles.open(bundle);
    if (found.kind === "refused") return this.#refuse(found.reason);
    const { content } = found;
    const before = this.#taken;
    const isSame =
      before !== undefined && Buffer.compare(decidingBytes(before.content), decidingBytes(content)) === 0;
    const authorizer = isSame ? before.authorizer : await this.#authorizerOf(content);
    const accepted = this.#bundles.accept(content, nowMs);
    if (accepted.kind === "refused") return this.#refuse(accepted.reason);
    this.#refused = "";
    this.#taken = { authorizer, content };
    return content;
  }

  #refuse(reason: string): undefined {
    this.#refused = reason;
  }

  async #authorizerOf(content: BundleContent): Promise<Authorizer> {
    return new Authorizer(content.policies.length > 0 ? await this.#loadCedar() : undefined, content);
  }
}

/** What decisions look at. */
function decidingBytes({ policies, roles, bindings, principals }: BundleContent): Uint8Array {
  return BundleContent.encode({ ...BundleContent.create(), policies, roles, bindings, principals }).finish();
}
