/** What tasks ask for, and where there is somebody who can do it. */
import type { LabelSelector } from "@tutti/contracts/types/v1";
import type { Cohort } from "./agent.ts";
import type { Share, Stand } from "./line.ts";

/** What is asked of the agents as a whole. */
export interface Wish {
  readonly capability: string;
  readonly range: string;
  readonly require: LabelSelector | undefined;
  readonly prefer: LabelSelector | undefined;
}

/**
 * What is asked of the one agent beside what all of its cohort have in common: room for resources, and whether it is
 * among those named. Tasks that ask the same share one of these.
 */
export interface Fit {
  readonly key: string;
  readonly resources: readonly (readonly [name: string, amount: number])[];
  /** Agents of which it has to be one; undefined for any. */
  readonly only: ReadonlySet<string> | undefined;
  readonly not: ReadonlySet<string>;
}

/** What tasks ask for: whoever asks for the same waits for the same agents. */
export interface Demand {
  readonly key: string;
  readonly wish: Wish;
  readonly fit: Fit;
  /** Those which will do, the preferred ones first. */
  readonly sites: readonly Site[];
  /** Whether some sites are preferred to others. */
  readonly picky: boolean;
  /** Profiles and tasks that refer to it: without any it is forgotten. */
  uses: number;
  readonly shares: Iterable<Share>;
  shareOf(namespace: string): Share;
  addSite(site: Site): void;
  removeSite(site: Site): void;
  /** Nothing refers to it any more. */
  dispose(): void;
}

/** A cohort that will do. */
export interface Site {
  readonly demand: Demand;
  readonly cohort: Cohort;
  readonly stand: Stand;
  /** The capability in the version that is used there, by its number. */
  readonly number: number;
  readonly version: string;
  /** How well its labels are what is preferred, 0 to 1. */
  readonly preference: number;
}
