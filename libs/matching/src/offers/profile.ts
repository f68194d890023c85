import type { OfferProfile } from "@tutti/contracts/swarm/v1";
import type { Demands } from "../demand/demands.ts";
import { isRange } from "../demand/versions.ts";
import type { Profile } from "../task/task.ts";

/** Returns the problem of a profile, or undefined. */
export function profileProblem({ capability, versionRange, weight }: OfferProfile): string | undefined {
  if (capability === "") return "expected a capability, got none";
  if (!isRange(versionRange)) return `expected a range of versions, got ${versionRange}`;
  if (!(weight >= 0 && weight <= 1e6)) return `expected a weight from 0 to 1,000,000, got ${weight}`;
  return undefined;
}

export class Profiles {
  readonly #demands: Demands;
  readonly #byKey = new Map<string, Profile>();

  constructor(demands: Demands) {
    this.#demands = demands;
  }

  /** Returns the profile with this content. Each call is a use that has to be given back. */
  acquire(sent: OfferProfile, defaultNamespace: string): Profile {
    const key = JSON.stringify({ ...sent, number: 0, pool: 0 });
    let profile = this.#byKey.get(key);
    if (profile === undefined) {
      profile = this.#create(key, sent, defaultNamespace);
      this.#byKey.set(key, profile);
    }
    profile.uses++;
    return profile;
  }

  /** Namespaces whose tasks are offered here, or may be offered at any time. */
  get namespaces(): Set<string> {
    return new Set([...this.#byKey.values()].map(({ namespace }) => namespace));
  }

  release(profile: Profile): void {
    if (--profile.uses > 0) return;
    this.#byKey.delete(profile.key);
    // Remaining tasks with the profile keep the demand in use themselves.
    this.#demands.release(profile.demand);
  }

  #create(key: string, sent: OfferProfile, defaultNamespace: string): Profile {
    const { timeouts, placement, weight } = sent;
    return {
      key,
      namespace: sent.namespace === "" ? defaultNamespace : sent.namespace,
      workKind: sent.workKind === "run" ? "" : sent.workKind,
      definition: sent.definition,
      definitionTask: sent.definitionTask,
      demand: this.#demands.ofProfile(sent),
      weight: weight === 0 ? 1 : weight,
      queueMs: timeouts?.queueMs ?? 0,
      runMs: timeouts?.runMs ?? 0,
      heartbeatMs: timeouts?.heartbeatMs ?? 0,
      labels: Object.entries(sent.labels).map(([name, value]) => ({ name, value })),
      stickyKey: placement?.stickyKey ?? "",
      contextKey: placement?.contextKey ?? "",
      mayBeDoubled: sent.mayBeDoubled,
      uses: 0,
    };
  }
}
