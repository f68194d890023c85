/**
 * The comparison at the end of the proof, and its verdict. Pure.
 *
 * A start is acknowledged when the platform has answered it. An event is acknowledged when a client has read it.
 * No kill may lose or change either. A separate file lists the effects of the workers. The journal must not have a
 * completed step that no worker has executed. A step that was executed twice is listed by its key.
 */

/** An event that a client has read. */
export interface ObservedEvent {
  readonly event: number;
  readonly type: string;
  readonly task: string;
  readonly timeMs: number;
}

/** A line of a worker's file. */
export interface Effect {
  /** The idempotency key. */
  readonly key: string;
  readonly attempt: number;
  readonly by: string;
}

export interface Evidence {
  /** Runs whose start was acknowledged, and how many steps each has. */
  readonly started: ReadonlyMap<string, number>;
  /** Events read between the kills, by run. */
  readonly observed: ReadonlyMap<string, readonly ObservedEvent[]>;
  /** All events at the end, by run. A missing run has no entry. */
  readonly journal: ReadonlyMap<string, readonly ObservedEvent[]>;
  readonly effects: readonly Effect[];
}

/** A count, with the lost items. */
export interface Tally {
  readonly count: number;
  readonly lost: readonly string[];
}

interface RepeatedEffect {
  readonly key: string;
  readonly times: number;
  readonly by: readonly string[];
}

export interface Proof {
  readonly starts: Tally;
  /** Events that a client had read. */
  readonly events: Tally;
  /** Steps of the runs. Lost: steps that did not complete. */
  readonly steps: Tally;
  /** Steps that are completed in the journal. Lost: steps that no worker has executed. */
  readonly effects: Tally;
  readonly twice: readonly RepeatedEffect[];
  /** Steps that are completed more than once in the journal. */
  readonly doubled: readonly string[];
  readonly holds: boolean;
}

const stepNames = ["take", "give", "book", "tell", "file"];

export function prove({ started, observed, journal, effects }: Evidence): Proof {
  const done = completedSteps(journal);
  const expected = [...started].flatMap(([run, steps]) =>
    stepNames.slice(0, steps).map((step) => `${run}/${step}`),
  );
  const byKey = new Map<string, Effect[]>();
  for (const effect of effects) byKey.set(effect.key, [...(byKey.get(effect.key) ?? []), effect]);
  const proof = {
    starts: tally([...started.keys()], (run) => (journal.get(run)?.length ?? 0) > 0),
    events: tallyOfEvents(observed, journal),
    steps: tally(expected, (key) => done.has(key)),
    effects: tally([...done.keys()], (key) => byKey.has(key)),
    twice: [...byKey]
      .filter(([, all]) => all.length > 1)
      .map(([key, all]) => ({ key, times: all.length, by: all.map(({ by }) => by) })),
    doubled: [...done].filter(([, times]) => times > 1).map(([key]) => key),
  };
  const tallies = [proof.starts, proof.events, proof.steps, proof.effects];
  return { ...proof, holds: proof.doubled.length === 0 && tallies.every(({ lost }) => lost.length === 0) };
}

/** Returns the number of completions in the journal, by key. */
function completedSteps(journal: Evidence["journal"]): ReadonlyMap<string, number> {
  const done = new Map<string, number>();
  for (const [run, events] of journal)
    for (const { type, task } of events)
      if (type === "task_completed") done.set(`${run}/${task}`, (done.get(`${run}/${task}`) ?? 0) + 1);
  return done;
}

function tallyOfEvents(observed: Evidence["observed"], journal: Evidence["journal"]): Tally {
  const lost: string[] = [];
  let count = 0;
  for (const [run, events] of observed) {
    const now = new Map((journal.get(run) ?? []).map((event) => [event.event, event]));
    count += events.length;
    for (const event of events) {
      const found = now.get(event.event);
      const isSame = found?.type === event.type && found.task === event.task && found.timeMs === event.timeMs;
      if (!isSame) lost.push(`${run} event ${event.event}, ${event.type}`);
    }
  }
  return { count, lost };
}

function tally(all: readonly string[], isThere: (item: string) => boolean): Tally {
  return { count: all.length, lost: all.filter((item) => !isThere(item)) };
}
