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
  #taken: RulesInForce | undefined;
  #refused = "";

  constructor(keys: TrustedKeys) {
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

  /** Takes a bundle in. Gives what is in it, or undefined where it is refused. */
  async take(bundle: Bundle, nowMs: number): Promise<BundleContent | undefined> {
    const found = this.#bundles.accept(bundle, nowMs);
    if (found.kind === "refused") {
      this.#refused = found.reason;
      return;
    }
    this.#refused = "";
    const { content } = found;
    const before = this.#taken;
    const isSame =
      before !== undefined && Buffer.compare(decidingBytes(before.content), decidingBytes(content)) === 0;
    const authorizer = isSame ? before.authorizer : await authorizerOf(content);
    // A later one may have come in meanwhile.
    if (this.#bundles.present?.content === content) this.#taken = { authorizer, content };
    return content;
  }
}

async function authorizerOf(content: BundleContent): Promise<Authorizer> {
  return new Authorizer(content.policies.length > 0 ? await loadCedar() : undefined, content);
}

/** What decisions look at. */
function decidingBytes({ policies, roles, bindings, principals }: BundleContent): Uint8Array {
  return BundleContent.encode({ ...BundleContent.create(), policies, roles, bindings, principals }).finish();
}
