/**
 * Numbers under which profiles are sent once on a stream. Equal profiles have one number, for any work. Ten
 * thousand runs with tasks of their own have ten thousand profiles, and often one content.
 *
 * 1. There are no more numbers than a pool accepts on a stream: the oldest number is used again.
 * 2. A number means one thing within one message: its reader learns all its profiles before any of its
 *    offers.
 */
import type { OfferProfile } from "@tutti/contracts/swarm/v1";
import { assert } from "@tutti/kernel";
import { profilesPerStreamMax } from "@tutti/matching";
import type { OfferedProfile } from "./offered-task.ts";

interface Numbered {
  readonly number: number;
  readonly content: string;
  /** The last message that used it. */
  usedIn: number;
}

export class ProfileNumbers {
  readonly #max: number;
  #known = new WeakMap<OfferedProfile, Map<string, Numbered>>();
  readonly #byContent = new Map<string, Numbered>();
  readonly #byNumber: Numbered[] = [];
  #next = 0;
  #message = 0;

  constructor(max: number = profilesPerStreamMax) {
    this.#max = max;
  }

  /** Forgets all profiles, for a new stream. */
  clear(): void {
    this.#known = new WeakMap();
    this.#byContent.clear();
    this.#byNumber.length = 0;
    this.#next = 0;
  }

  startMessage(): void {
    this.#message++;
  }

  /**
   * @param create returns the profile as on the stream, without its number
   * @param send is called if it must be sent
   */
  numberOf(
    profile: OfferedProfile,
    namespace: string,
    create: () => OfferProfile,
    send: (profile: OfferProfile) => void,
  ): number {
    let inNamespaces = this.#known.get(profile);
    if (inNamespaces === undefined) {
      inNamespaces = new Map();
      this.#known.set(profile, inNamespaces);
    }
    let numbered = inNamespaces.get(namespace);
    if (numbered === undefined || this.#byNumber[numbered.number] !== numbered) {
      const profile = create();
      const content = JSON.stringify(profile);
      numbered = this.#byContent.get(content) ?? this.#new(content, profile, send);
      inNamespaces.set(namespace, numbered);
    }
    numbered.usedIn = this.#message;
    return numbered.number;
  }

  #new(content: string, profile: OfferProfile, send: (profile: OfferProfile) => void): Numbered {
    const number = this.#free();
    const before = this.#byNumber[number];
    if (before !== undefined) this.#byContent.delete(before.content);
    const numbered = { number, content, usedIn: this.#message };
    this.#byNumber[number] = numbered;
    this.#byContent.set(content, numbered);
    send({ ...profile, number });
    return numbered;
  }

  #free(): number {
    for (let tries = 0; tries < this.#max; tries++) {
      const number = (this.#next++ % this.#max) + 1;
      if (this.#byNumber[number]?.usedIn !== this.#message) return number;
    }
    assert(false, "one message has fewer profiles than a stream", { max: this.#max });
    return 0;
  }
}
