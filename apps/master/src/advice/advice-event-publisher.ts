/** Publishes changes of recommendations on the bus. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import { type IntelligenceEventPayloads, intelligenceEvents } from "@tutti/contracts/events/v1/intelligence";
import {
  type AdviceDismissedV1,
  type AdviceFoundV1,
  type Recommendation,
  RecommendationStatus,
  type TrialJudgedV1,
  type TrialStartedV1,
  TrialVerdict,
} from "@tutti/contracts/intelligence/v1";
import {
  type EventMapper,
  headOf,
  MachineEventPublisher,
  type NoteHead,
  type NoteOf,
} from "@tutti/host/serving";
import { type Foundation, type ReadOnly, toTimestamp } from "@tutti/kernel";
import { type AdviceState, advice } from "@tutti/machine-entities/advice";
import type { Happening } from "@tutti/runtime";

const source = "/tutti/intelligence";

type AdviceEventType = Extract<
  keyof IntelligenceEventPayloads,
  `tutti.intelligence.recommendation.${string}`
>;

interface AdviceNote extends NoteHead {
  readonly kind: "event";
  readonly type: AdviceEventType;
  readonly about: Pick<Recommendation, "recommendationId" | "subject" | "kind" | "title">;
  readonly gain: number;
  readonly finding: string;
}

/** The first of several notes of one event of the machine. */
interface AdviceNotes {
  readonly notes: readonly AdviceNote[];
}

function noteOf(
  { recommendationId, subject, kind, title, gain }: ReadOnly<Recommendation>,
  type: AdviceEventType,
  happening: Happening,
  finding = "",
): AdviceNote {
  return {
    ...headOf(happening),
    kind: "event",
    type,
    finding,
    gain: gain?.median ?? 0,
    about: { recommendationId, subject, kind, title },
  };
}

/** Returns the notes about a known recommendation, at most one. */
function notesOf(
  state: AdviceState,
  id: string,
  type: AdviceEventType,
  happening: Happening,
): readonly AdviceNote[] {
  const about = state.recommendations.get(id);
  return about === undefined ? [] : [noteOf(about, type, happening)];
}

function isOpen(each: ReadOnly<Recommendation> | undefined): boolean {
  return each?.status === RecommendationStatus.RECOMMENDATION_STATUS_OPEN;
}

const madeType = "tutti.intelligence.recommendation.made";
const keptType = "tutti.intelligence.recommendation.kept";
const overtakenType = "tutti.intelligence.recommendation.overtaken";

const verdictTypes: Readonly<Partial<Record<TrialVerdict, AdviceEventType>>> = {
  [TrialVerdict.TRIAL_VERDICT_KEEP]: keptType,
  [TrialVerdict.TRIAL_VERDICT_TAKE_BACK]: "tutti.intelligence.recommendation.taken_back",
  [TrialVerdict.TRIAL_VERDICT_OVERTAKEN]: overtakenType,
};

/** The state before the event: new recommendations are only in the event, others are unchanged. */
const adviceNotes: Readonly<Record<string, NoteOf<AdviceState, never>>> = {
  advice_found: (state, { made, expired }: AdviceFoundV1, happening): AdviceNotes => ({
    notes: [
      ...made
        .filter(({ recommendationId }) => !isOpen(state.recommendations.get(recommendationId)))
        .map((each) => noteOf(each, madeType, happening)),
      ...expired.flatMap((id) => notesOf(state, id, overtakenType, happening)),
    ],
  }),
  advice_dismissed: (state, { recommendationId }: AdviceDismissedV1, happening): AdviceNotes => ({
    notes: notesOf(state, recommendationId, "tutti.intelligence.recommendation.dismissed", happening),
  }),
  trial_started: (state, { recommendationId }: TrialStartedV1, happening): AdviceNotes => ({
    notes: notesOf(state, recommendationId, "tutti.intelligence.recommendation.tried", happening),
  }),
  trial_judged: (state, { recommendationId, verdict, finding }: TrialJudgedV1, happening): AdviceNotes => {
    const type = verdictTypes[verdict];
    const known = state.recommendations.get(recommendationId);
    if (type === undefined || known === undefined) return { notes: [] };
    // The other recommendations of the workflow refer to a version that is no longer the latest one.
    const others = type === keptType ? [...state.recommendations.values()].filter(isOpen) : [];
    const overtaken = others.filter(({ subject }) => subject === known.subject);
    return {
      notes: [
        noteOf(known, type, happening, finding),
        ...overtaken.map((each) => noteOf(each, overtakenType, happening)),
      ],
    };
  },
};

const mapper: EventMapper<AdviceNote> = {
  eventOf({ key, event, timeMs, cause, type, about, gain, finding }: AdviceNote): EventInput {
    const { recommendationId, subject, kind, title } = about;
    const header = {
      namespace: key.namespace,
      resource: recommendationId,
      sequence: event,
      time: toTimestamp(timeMs),
      cause,
    };
    const payload = { header, recommendationId, subject, kind, title, gain, finding };
    return contractEvent(intelligenceEvents[type], payload, { source });
  },
  isEnd: () => false,
  progressOf: () => Promise.resolve(undefined),
};

export class AdviceEventPublisher extends MachineEventPublisher<AdviceNote> {
  constructor({ bus, foundation }: { readonly bus: Pick<Bus, "publish">; readonly foundation: Foundation }) {
    const leftOut = foundation.metrics
      .counter({
        name: "tutti_master_advice_events_left_out_total",
        help: "Advice events dropped because the publish queue was full.",
      })
      .with({});
    super({ bus, foundation, sources: [{ machine: advice, notes: adviceNotes }], mapper, dropped: leftOut });
  }

  override handle(notes: readonly unknown[]): void {
    super.handle(
      notes.flatMap((note): readonly unknown[] =>
        note instanceof Error ? [note] : (note as AdviceNotes).notes,
      ),
    );
  }
}
