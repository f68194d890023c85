/**
 * The current bundle, and the authorizer built from it.
 *
 * 1. A bundle that is refused changes nothing: the present one stays, until it is too old.
 * 2. If a bundle equals the one before, only its age is updated, and cached results stay valid.
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
  #current: RulesInForce | undefined;
  #refused = "";

  constructor(keys: TrustedKeys, load = loadCedar) {
    this.#loadCedar = load;
    this.#bundles = new BundleCache(keys);
  }

  /** Number of the present bundle. 0 before the first. */
  get number(): number {
    return this.#bundles.present?.content.number ?? 0;
  }

  /** Why the last offered bundle was refused. Empty if it was accepted. */
  get refused(): string {
    return this.#refused;
  }

  /** Returns the current rules. Undefined before the first bundle, and if the present one is too old. */
  inForce(nowMs: number): RulesInForce | undefined {
    return this.#bundles.inForce(nowMs) === undefined ? undefined : this.#current;
  }

  /** Returns whether there is a bundle that is too old. */
  isStale(nowMs: number): boolean {
    return this.#bundles.present !== undefined && this.#bundles.inForce(nowMs) === undefined;
  }

  /**
   * Accepts a bundle. Returns its content, or undefined if it is refused. Throws if its policies cannot be loaded: the
   * present bundle stays, and the same one may be retried.
   */
  async accept(bundle: Bundle, nowMs: number): Promise<BundleContent | undefined> {
    const found = this.#bundles.open(bundle);
    if (found.kind === "refused") return this.#refuse(found.reason);
    const { content } = found;
    const before = this.#current;
    const isSame =
      before !== undefined && Buffer.compare(decidingBytes(before.content), decidingBytes(content)) === 0;
    const authorizer = isSame ? before.authorizer : await this.#authorizerOf(content);
    const accepted = this.#bundles.accept(content, nowMs);
    if (accepted.kind === "refused") return this.#refuse(accepted.reason);
    this.#refused = "";
    this.#current = { authorizer, content };
    return content;
  }

  #refuse(reason: string): undefined {
    this.#refused = reason;
  }

  async #authorizerOf(content: BundleContent): Promise<Authorizer> {
    return new Authorizer(content.policies.length > 0 ? await this.#loadCedar() : undefined, content);
  }
}

/** Returns the parts of a bundle that affect decisions. */
function decidingBytes({ policies, roles, bindings, principals }: BundleContent): Uint8Array {
  return BundleContent.encode({ ...BundleContent.create(), policies, roles, bindings, principals }).finish();
}
