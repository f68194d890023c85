import type { EventInput } from "../event/event.ts";
import type { Bus, Delivery, Gap } from "../port.ts";

/** A bus under test, as two processes of an installation see it. */
export interface BusFixture extends AsyncDisposable {
  readonly bus: Bus;
  /** The bus in another process. Within one process the same. */
  readonly other: Bus;
}

/** The two views on the bus under test. There once the tests run. */
export type Opened = Pick<BusFixture, "bus" | "other">;

/** What the suite is run on. */
export interface BusUnderTest {
  readonly name: string;
  /** Why it cannot be tested here. */
  readonly skip?: string | false;
  /** Returns a bus that keeps as much as it likes, or so many events. */
  open(options?: { readonly eventsMax?: number }): Promise<BusFixture>;
}

let namespaces = 0;

/** Returns a namespace of its own for each test, so that all can share a bus. */
export function freshNamespace(): string {
  namespaces++;
  return `test-${namespaces}`;
}

let events = 0;

/** Returns an event with an id of its own. Name only what matters to the test. */
export function testEvent(given: Partial<EventInput> & { readonly namespace: string }): EventInput {
  events++;
  return {
    id: `evt_${events}`,
    source: "/tutti/test",
    type: "tutti.test.thing.happened",
    subject: "thing_1",
    timeMs: 1_767_225_600_000,
    data: new Uint8Array(),
    ...given,
  };
}

/** Remembers what it is handed, and lets a test wait for that. */
export class Collector {
  readonly deliveries: Delivery[] = [];
  readonly gaps: Gap[] = [];
  readonly #waiting: { readonly until: () => boolean; readonly resolve: () => void }[] = [];

  readonly each = (_event: unknown, delivery: Delivery): void => this.collect(delivery);
  readonly onGap = (gap: Gap): void => {
    this.gaps.push(gap);
    this.#check();
  };

  collect(delivery: Delivery): void {
    this.deliveries.push(delivery);
    this.#check();
  }

  get ids(): string[] {
    return this.deliveries.map(({ event }) => event.id);
  }

  get subjects(): string[] {
    return this.deliveries.map(({ event }) => event.subject);
  }

  /** Resolves when so many events were handed over. */
  count(count: number): Promise<void> {
    return this.until(() => this.deliveries.length >= count);
  }

  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ until: condition, resolve }));
  }

  #check(): void {
    for (const waiting of this.#waiting.filter(({ until }) => until())) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.resolve();
    }
  }
}
