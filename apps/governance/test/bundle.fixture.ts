/** The state of a service: bundles, accepted with only the public key of the installation. */
import assert from "node:assert/strict";
import { type BundleContent, policyService } from "@tutti/contracts/governance/v1";
import { keysDirectoryIn, openInstallationKeys } from "@tutti/host";
import { systemFoundation } from "@tutti/kernel";
import { BundleCache, TrustedKeys } from "@tutti/policy";
import type { Serving } from "./serving.ts";

/** Returns the first bundle with a property, and the number of bundles before it. */
export async function bundleWhere(
  { host, directory }: Serving,
  matches: (content: BundleContent) => boolean,
): Promise<BundleContent> {
  const { signingKey } = await openInstallationKeys(keysDirectoryIn(directory), systemFoundation());
  const cache = new BundleCache(new TrustedKeys(signingKey.publicKey, [signingKey]));
  const policies = host.mesh.client(policyService, { service: "governance" });
  for await (const { bundle } of policies.watchBundles({ afterNumber: 0 })) {
    if (bundle === undefined) continue;
    const opened = cache.open(bundle);
    if (opened.kind === "refused") assert.fail(opened.reason);
    cache.accept(opened.content, Date.now());
    if (matches(opened.content)) return opened.content;
  }
  assert.fail("the stream of bundles ended");
}
