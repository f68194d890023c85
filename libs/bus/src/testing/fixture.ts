import type { EventInput } from "../event/event.ts";
import type { Bus, Delivery, Gap } from "../port.ts";

/** A bus under test, seen from two processes of an installation. */
export interface BusFixture extends AsyncDisposable {
  readonly bus: Bus;
  /** The bus in another process. The same object for a bus within one process. */
  readonly other: Bus;
}

/** The two views of the bus under test. Set once the tests run. */
export type Opened = Pick<BusFixture, "bus" | "other">;

/** The subject of the suite. */
export interface BusUnderTest {
  readonly name: string;
  /** Reason why it cannot be tested here. */
  readonly skip?: string | false;
  /** Returns a bus with unlimited retention, or with a maximum number of events. */
  open(options?: { readonly eventsMax?: number }): Promise<BusFixture>;
}

let namespaces = 0;

/** Returns a new namespace for each test, so that all can share a bus. */
export function freshNamespace(): string {
  namespaces++;
  return `test-${namespaces}`;
}

let events = 0;

/** Returns an event with a new id. Pass only the fields that matter to the test. */
export function testEvent(fields: Partial<EventInput> & { readonly namespace: string }): EventInput {
  events++;
  return {
    id: `evt_${events}`,
    source: "/tutti/test",
    type: "tutti.test.thing.happened",
    subject: "thing_1",
    timeMs: 1_767_225_600_000,
    data: new Uint8Array(),
    ...fields,
  };
}

/** Collects deliveries, and lets a test wait for them. */
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

  /** Resolves when this many events were delivered. */
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
