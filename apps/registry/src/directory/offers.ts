import type {
  CapabilityEntry,
  CapabilityVersion,
  FindCapabilitiesRequest,
  Offer,
  Provider,
} from "@tutti/contracts/registry/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import { Capability, type LabelSelector } from "@tutti/contracts/types/v1";
import { acceptsCalls, healthOf } from "@tutti/host/serving";
import { labelsMatch } from "@tutti/kernel";
import compare from "semver/functions/compare.js";
import rcompare from "semver/functions/rcompare.js";
import satisfies from "semver/functions/satisfies.js";
import { loadRank } from "./conditions.ts";
import type { Entry } from "./entry.ts";
import { getOrCreate } from "./get-or-create.ts";

const providersMax = 100;

/** Returns whether a version matches. An empty range matches all versions, pre-releases included. */
function versionMatches(version: string, range: string): boolean {
  return range === "" || satisfies(version, range);
}

function versionOf({ capability }: Offer): string {
  return capability?.version ?? "";
}

interface Offering {
  readonly entry: Entry;
  readonly offer: Offer;
}

/** Offers by namespace and name, so that a query costs no more than its answer. */
export class OfferIndex {
  /** namespace → capability → instance id → its offers of that name */
  readonly #offers = new Map<string, Map<string, Map<string, Offering[]>>>();

  add(entry: Entry): void {
    for (const offer of entry.instance.offers) {
      const byInstance = this.#byInstance(namespaceOf(offer), offer.capability?.name ?? "");
      const offerings = byInstance.get(entry.instance.id);
      // If the same version is offered twice, the last one counts.
      const others = offerings?.filter((known) => versionOf(known.offer) !== versionOf(offer)) ?? [];
      byInstance.set(entry.instance.id, [...others, { entry, offer }]);
    }
  }

  remove({ instance }: Entry): void {
    for (const offer of instance.offers) {
      const namespace = namespaceOf(offer);
      const names = this.#offers.get(namespace);
      const name = offer.capability?.name ?? "";
      const byInstance = names?.get(name);
      byInstance?.delete(instance.id);
      if (byInstance?.size === 0) names?.delete(name);
      if (names?.size === 0) this.#offers.delete(namespace);
    }
  }

  /** Returns the matching versions of a capability, newest first, each with its providers. */
  find(
    request: Omit<FindCapabilitiesRequest, "labels"> & { labels?: LabelSelector | undefined },
  ): CapabilityVersion[] {
    const byInstance = this.#offers.get(namespaceOf(request))?.get(request.name);
    if (byInstance === undefined) return [];
    const offerings = [...byInstance.values()]
      .flat()
      .filter(
        ({ entry, offer }) =>
          versionMatches(versionOf(offer), request.versionRange) &&
          labelsMatch(entry.instance.labels, request.labels),
      );
    const byVersion = Map.groupBy(offerings, ({ offer }) => versionOf(offer));
    return [...byVersion]
      .toSorted(([one], [other]) => rcompare(one, other) || compare(one, other))
      .map(([, sameVersion]) => capabilityVersion(sameVersion));
  }

  /** Returns whether an instance offers a capability in a matching version. */
  offers(instanceId: string, namespace: string, name: string, versionRange: string): boolean {
    const offerings = this.#offers.get(namespaceOf({ namespace }))?.get(name)?.get(instanceId);
    return offerings?.some(({ offer }) => versionMatches(versionOf(offer), versionRange)) ?? false;
  }

  /** The names of all capabilities of a namespace that start with a prefix, sorted. */
  names(namespace: string, prefix: string): string[] {
    const names = this.#offers.get(namespaceOf({ namespace }))?.keys() ?? [];
    return [...names].filter((name) => name.startsWith(prefix)).sort();
  }

  entry(namespace: string, name: string): CapabilityEntry {
    return { name, versions: this.find({ namespace, name, versionRange: "" }) };
  }

  #byInstance(namespace: string, name: string): Map<string, Offering[]> {
    return getOrCreate(
      getOrCreate(this.#offers, namespace, () => new Map()),
      name,
      () => new Map(),
    );
  }
}

function capabilityVersion(offerings: readonly Offering[]): CapabilityVersion {
  const latest = offerings.reduce((one, other) =>
    other.entry.instance.revision > one.entry.instance.revision ? other : one,
  );
  const ordered = offerings.toSorted(
    (one, other) =>
      Number(acceptsCalls(other.entry.instance)) - Number(acceptsCalls(one.entry.instance)) ||
      loadRank(one.entry.load) - loadRank(other.entry.load) ||
      (one.entry.instance.id < other.entry.instance.id ? -1 : 1),
  );
  return {
    capability: latest.offer.capability ?? Capability.fromPartial({}),
    providers: ordered.slice(0, providersMax).map(providerOf),
    providersTotal: offerings.length,
  };
}

function providerOf({ entry, offer }: Offering): Provider {
  const { instance, load } = entry;
  return {
    instanceId: instance.id,
    service: instance.service,
    address: instance.address,
    health: healthOf(instance),
    load,
    cost: offer.capability?.cost,
    providers: offer.providers,
  };
}
