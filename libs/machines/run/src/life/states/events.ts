/** States that are entered and left, and the actions in between. */
import {
  ActionsBegunV1,
  StateEnteredV1,
  StateTimePassedV1,
  TransitionTakenV1,
} from "@tutti/contracts/workflow/v1";
import { encodeJson } from "@tutti/machine-work";
import { detachRange } from "../../core/node/flow.ts";
import { addRange } from "../../core/node/nodes.ts";
import { changeVars, moreOf, type Range, type Run, type RunEvent, statesOf } from "../../core/state/state.ts";
import { parts, stateOf, timesOf, watchState } from "../../core/state/transition-progress.ts";
import { forgetWaiters } from "../../kinds/signal/waiting.ts";

export const stateEntered: RunEvent<StateEnteredV1> = {
  type: "state_entered",
  version: 1,
  codec: StateEnteredV1,
  evolve(run, { state, enterMs }, outstanding) {
    const progress = statesOf(run);
    forgetEvent(run, (progress.transition?.range ?? 0) - 1);
    forgetEvent(run, progress.activity);
    Object.assign(progress, { state, stateMs: enterMs, activity: -1, isActivityTaken: false });
    Object.assign(progress, { timesPassed: 0, timesTaken: 0 });
    progress.transition = { transition: progress.transition?.transition ?? 0, part: parts.entry, range: 0 };
    // The first state was caused only by the start of the run.
    progress.event ??= encodeJson({ name: "start", payload: null, time: new Date(enterMs).toISOString() });
    watchState(run, outstanding);
  },
};

export const transitionTaken: RunEvent<TransitionTakenV1> = {
  type: "transition_taken",
  version: 1,
  codec: TransitionTakenV1,
  // The activity of the former state may have waited for a person.
  described: true,
  evolve(run, { transition, event, signal, vars, takeMs, way, atOnce }, outstanding) {
    const progress = statesOf(run);
    forgetEvent(run, (progress.transition?.range ?? 0) - 1);
    progress.transition = { transition: transition + 1, part: parts.taken, range: 0 };
    if (event.length > 0) progress.event = event;
    changeVars(run, vars);
    if (signal > 0) removeSignal(run, signal);
    if (way === "done" || way === "failed") progress.isActivityTaken = true;
    if (way === "after")
      progress.timesTaken =
        1 + timesOf(stateOf(run)).findIndex(({ transitions }) => transitions.includes(transition));
    const isByItself = way !== "signal" && way !== "after";
    // Events of older releases have no count: all transitions of one millisecond count.
    const counted = progress.transitionMs === takeMs ? progress.transitionsAtOnce + 1 : 1;
    progress.transitionsAtOnce = isByItself ? atOnce || counted : 0;
    progress.transitionMs = takeMs;
    // A failure that led to a transition is not a failure of the run.
    run.failed = -1;
    const isLeaving = (run.plan?.plan.transitions[transition]?.to ?? -1) >= 0;
    const activity = run.ranges[progress.activity];
    if (isLeaving && activity !== undefined && activity.remaining > 0)
      detachRange(run, activity, takeMs, outstanding);
    watchState(run, outstanding);
  },
};

export const actionsBegun: RunEvent<ActionsBegunV1> = {
  type: "actions_begun",
  version: 1,
  codec: ActionsBegunV1,
  evolve(run, { scope, part }) {
    const { plan } = run;
    if (plan === undefined) return;
    const progress = statesOf(run);
    const place = run.ranges.length;
    const before = run.ranges.findLast((range) => range.scope === scope && range.owner < 0);
    const round = (before?.round ?? 0) + 1;
    addRange(run, { owner: -1, plan, planPlace: 0, scope, round, event: progress.event });
    if (part === parts.activity) progress.activity = place;
    else progress.transition = { transition: progress.transition?.transition ?? 0, part, range: place + 1 };
  },
};

export const stateTimePassed: RunEvent<StateTimePassedV1> = {
  type: "state_time_passed",
  version: 1,
  codec: StateTimePassedV1,
  evolve(run, { passed }, outstanding) {
    statesOf(run).timesPassed = passed;
    watchState(run, outstanding);
  },
};

function removeSignal(run: Run, number: number): void {
  const { signals } = moreOf(run);
  const place = signals.findIndex((signal) => signal.number === number);
  const [removed] = place < 0 ? [] : signals.splice(place, 1);
  if (removed !== undefined) forgetWaiters(run, removed.signal);
}

/** Drops the event of actions or a state that have ended: they are not repeated. */
function forgetEvent(run: Run, place: number): void {
  const range = run.ranges[place] as { -readonly [Key in keyof Range]: Range[Key] } | undefined;
  if (range !== undefined && range.remaining === 0) range.event = undefined;
}
