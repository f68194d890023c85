/** Sends bundles to services: the present one, then each new one. */
import {
  BundleContent,
  type WatchBundlesReply,
  type WatchBundlesRequest,
} from "@tutti/contracts/governance/v1";
import { type MachineDependencies, orIfAbsent, query } from "@tutti/host/serving";
import type { CallContext, Foundation } from "@tutti/kernel";
import { type BundlePart, bundlePart } from "@tutti/machine-entities/tenant";
import { tenantKey } from "../tenants/dependencies.ts";
import type { BundleBuilder } from "./bundle-builder.ts";

/** Maximum interval of messages on a stream. */
const keepaliveMs = 5_000;

export async function* watchBundles(
  bundles: BundleBuilder,
  { afterNumber }: WatchBundlesRequest,
  { signal }: CallContext,
): AsyncGenerator<WatchBundlesReply, void> {
  let known = afterNumber;
  while (!signal.aborted) {
    const bundle = bundles.latest?.bundle;
    const isNew = bundle !== undefined && bundle.number > known;
    yield { bundle: isNew ? bundle : undefined, latest: bundle?.number ?? 0 };
    if (isNew) known = bundle.number;
    await bundles.after(bundle?.number ?? 0, keepaliveMs, signal);
  }
}

const nothing: BundlePart = {
  policies: [],
  roles: [],
  bindings: [],
  rules: [],
  principals: [],
  limits: [],
  keys: [],
  revokedTokenIds: [],
  namespaces: [],
  lockouts: [],
};

export async function bundlePartOf(
  dependencies: MachineDependencies & { readonly foundation: Pick<Foundation, "clock"> },
  context: CallContext,
): Promise<BundleContent> {
  const { namespace } = context;
  const call = { query: bundlePart, body: { namespace, nowMs: dependencies.foundation.clock.now() } };
  const part = await orIfAbsent(query(dependencies, tenantKey(namespace), call, context), nothing);
  return { ...BundleContent.create(), ...part };
}
