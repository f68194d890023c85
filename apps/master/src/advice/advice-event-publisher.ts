/** Tells the bus what becomes of recommendations. */
import { type Bus, contractEvent, type EventInput } from "@tutti/bus";
import { type IntelligenceEventPayloads, intelligenceEvents } from "@tutti/contracts/events/v1/intelligence";
import {
  type AdviceDismissedV1,
  type AdviceFoundV1,
  type Recommendation,
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
import { type Foundation, toTimestamp } from "@tutti/kernel";
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

/** The first of several of one event of the machine. */
interface AdviceNotes {
  readonly notes: readonly AdviceNote[];
}

function noteOf(
  state: AdviceState,
  id: string,
  type: AdviceEventType,
  happening: Happening,
  finding = "",
): AdviceNote[] {
  const about = state.recommendations.get(id);
  if (about === undefined) return [];
  const { recommendationId, subject, kind, title, gain } = about;
  return [
    {
      ...headOf(happening),
      ...{ kind: "event", type, finding, gain: gain?.median ?? 0 },
      about: { recommendationId, subject, kind, title },
    },
  ];
}

const verdictTypes: Readonly<Partial<Record<TrialVerdict, AdviceEventType>>> = {
  [TrialVerdict.TRIAL_VERDICT_KEEP]: "tutti.intelligence.recommendation.kept",
  [TrialVerdict.TRIAL_VERDICT_TAKE_BACK]: "tutti.intelligence.recommendation.taken_back",
  [TrialVerdict.TRIAL_VERDICT_OVERTAKEN]: "tutti.intelligence.recommendation.overtaken",
};
const madeType = "tutti.intelligence.recommendation.made";
const overtakenType = "tutti.intelligence.recommendation.overtaken";

const adviceNotes: Readonly<Record<string, NoteOf<AdviceState, never>>> = {
  advice_found: (state, { made, expired }: AdviceFoundV1, happening): AdviceNotes => ({
    notes: [
      ...made.flatMap(({ recommendationId }) => noteOf(state, recommendationId, madeType, happening)),
      ...expired.flatMap((id) => noteOf(state, id, overtakenType, happening)),
    ],
  }),
  advice_dismissed: (state, { recommendationId }: AdviceDismissedV1, happening): AdviceNotes => ({
    notes: noteOf(state, recommendationId, "tutti.intelligence.recommendation.dismissed", happening),
  }),
  trial_started: (state, { recommendationId }: TrialStartedV1, happening): AdviceNotes => ({
    notes: noteOf(state, recommendationId, "tutti.intelligence.recommendation.tried", happening),
  }),
  trial_judged: (state, { recommendationId, verdict, finding }: TrialJudgedV1, happening): AdviceNotes => {
    const type = verdictTypes[verdict];
    return { notes: type === undefined ? [] : noteOf(state, recommendationId, type, happening, finding) };
  },
};

const teller: EventMapper<AdviceNote> = {
  eventOf({ key, event, timeMs, cause, type, about, gain, finding }: AdviceNote): EventInput {
    const { recommendationId, subject, kind, title } = about;
    const header = {
      ...{ namespace: key.namespace, resource: recommendationId, sequence: event },
      ...{ time: toTimestamp(timeMs), cause },
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
    super({ bus, foundation, told: [{ machine: advice, notes: adviceNotes }], teller, leftOut });
  }

  override handle(notes: readonly unknown[]): void {
    super.handle(
      notes.flatMap((note): readonly unknown[] =>
        note instanceof Error ? [note] : (note as AdviceNotes).notes,
      ),
    );
  }
}
