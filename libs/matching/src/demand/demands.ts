/**
 * All demands and all cohorts, and which of them match. That is computed when either is new, never while
 * matching.
 */
import type { OfferProfile } from "@tutti/contracts/swarm/v1";
import type { Cohort } from "../agents/agent.ts";
import type { Offered } from "../agents/capabilities.ts";
import { AgentCohort, type CohortWatch } from "../agents/cohort.ts";
import { SharedDemand } from "./demand.ts";
import { fitOf } from "./fit.ts";
import { byName, labelsMatch, labelsPreference, namesIn, selectorKey } from "./labels.ts";
import type { Demand } from "./matches.ts";
import type { Fit, Requirements, Side } from "./requirements.ts";
import { newestIn } from "./versions.ts";

/** The demands and cohorts of one capability. */
interface Field {
  readonly demands: Set<SharedDemand>;
  readonly cohorts: Set<AgentCohort>;
}

export class Demands {
  readonly #watch: CohortWatch;
  readonly #demands = new Map<string, SharedDemand>();
  readonly #cohorts = new Map<string, AgentCohort>();
  readonly #fields = new Map<string, Field>();
  /** Labels that demands read, with the number of demands. Other labels do not distinguish agents. */
  readonly #labelUses = new Map<string, number>();
  /** Called when another label counts, or a label no longer does: agents may belong to other cohorts. */
  onLabels: () => void = () => {};

  constructor(watch: CohortWatch) {
    this.#watch = watch;
  }

  get all(): Iterable<SharedDemand> {
    return this.#demands.values();
  }

  get cohorts(): Iterable<AgentCohort> {
    return this.#cohorts.values();
  }

  /** Returns the demand of the tasks of a profile. Each call is a use that has to be given back. */
  ofProfile({ capability, versionRange, placement, resources }: OfferProfile): SharedDemand {
    const { require, prefer } = placement ?? {};
    const requirements = { capability, range: versionRange, require, prefer };
    return this.#demand(requirements, fitOf(resources, [], []));
  }

  /** Returns the demand with or without certain agents. Each call is a use that has to be given back. */
  narrowed({ requirements, fit }: Demand, only: readonly string[], not: readonly string[]): SharedDemand {
    return this.#demand(requirements, fitOf(Object.fromEntries(fit.resources), only, not, fit.side));
  }

  /** Returns the demand on another side. Each call is a use that has to be given back. */
  sided({ requirements, fit }: Demand, side: Side | undefined): SharedDemand {
    const { resources, only = [], not } = fit;
    return this.#demand(requirements, fitOf(Object.fromEntries(resources), [...only], [...not], side));
  }

  release({ key }: Pick<Demand, "key">): void {
    const demand = this.#demands.get(key);
    if (demand === undefined || --demand.uses > 0) return;
    this.#demands.delete(key);
    demand.dispose();
    const { capability, require, prefer } = demand.requirements;
    const field = this.#fields.get(capability);
    field?.demands.delete(demand);
    this.#forgetField(capability);
    this.#countLabels([...namesIn(require), ...namesIn(prefer)], -1);
  }

  fieldOf(capability: string): Readonly<Field> | undefined {
    return this.#fields.get(capability);
  }

  /** Names of capabilities that agents offer. */
  *offeredNames(): Generator<string> {
    for (const { offered } of this.#cohorts.values()) for (const { name } of offered) yield name;
  }

  /** Returns the cohort of an agent with this offering. */
  cohortOf(offered: readonly Offered[], labels: Readonly<Record<string, string>>): AgentCohort {
    const counting = Object.entries(labels)
      .filter(([name]) => this.#labelUses.has(name))
      .sort(byName);
    const key = JSON.stringify([offered.map(({ number }) => number), counting]);
    let cohort = this.#cohorts.get(key);
    if (cohort === undefined) {
      cohort = new AgentCohort(key, offered, Object.fromEntries(counting), this.#watch);
      this.#cohorts.set(key, cohort);
      for (const name of new Set(offered.map((capability) => capability.name))) {
        const field = this.#field(name);
        field.cohorts.add(cohort);
        for (const demand of field.demands) this.#join(demand, cohort);
      }
    }
    return cohort;
  }

  /** Removes an empty cohort. */
  forgetCohort({ key }: Pick<Cohort, "key">): void {
    const cohort = this.#cohorts.get(key);
    if (cohort === undefined) return;
    this.#cohorts.delete(key);
    for (const { name } of cohort.offered) {
      const field = this.#fields.get(name);
      for (const demand of field?.demands ?? []) demand.removeCohort(cohort);
      field?.cohorts.delete(cohort);
      this.#forgetField(name);
    }
  }

  #demand(requirements: Requirements, fit: Fit): SharedDemand {
    const { capability, range, require, prefer } = requirements;
    const key = JSON.stringify([capability, range, selectorKey(require), selectorKey(prefer), fit.key]);
    let demand = this.#demands.get(key);
    if (demand === undefined) {
      demand = new SharedDemand(key, requirements, fit);
      demand.uses = 1;
      this.#demands.set(key, demand);
      // Before the search for cohorts: the labels of the demand may distinguish agents that were alike.
      this.#countLabels([...namesIn(require), ...namesIn(prefer)], 1);
      const field = this.#field(capability);
      field.demands.add(demand);
      for (const cohort of field.cohorts) this.#join(demand, cohort);
    } else demand.uses++;
    return demand;
  }

  #join(demand: SharedDemand, cohort: AgentCohort): void {
    const { capability, range, require, prefer } = demand.requirements;
    if (!labelsMatch(cohort.labels, require)) return;
    const offered = cohort.offered.filter(({ name }) => name === capability);
    const version = newestIn(
      offered.map((capability) => capability.version),
      range,
    );
    const newest = offered.find((capability) => capability.version === version);
    if (newest === undefined) return;
    demand.addMatch({
      demand,
      cohort,
      waitGroup: cohort.waitGroupOf(demand.fit),
      number: newest.number,
      version: newest.version,
      preference: labelsPreference(cohort.labels, prefer),
    });
  }

  #field(capability: string): Field {
    let field = this.#fields.get(capability);
    if (field === undefined) {
      field = { demands: new Set(), cohorts: new Set() };
      this.#fields.set(capability, field);
    }
    return field;
  }

  #forgetField(capability: string): void {
    const field = this.#fields.get(capability);
    if (field?.demands.size === 0 && field.cohorts.size === 0) this.#fields.delete(capability);
  }

  #countLabels(names: readonly string[], by: 1 | -1): void {
    let changed = false;
    for (const name of names) {
      const before = this.#labelUses.get(name) ?? 0;
      const after = before + by;
      if (after === 0) this.#labelUses.delete(name);
      else this.#labelUses.set(name, after);
      // Cohorts that a label no longer distinguishes do no harm.
      if (before === 0) changed = true;
    }
    if (changed) this.onLabels();
  }
}
