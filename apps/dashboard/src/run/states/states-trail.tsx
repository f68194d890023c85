import { useMemo } from "react";
import { useNow } from "../../effects/use-now.ts";
import { span } from "../../elements/moments.ts";
import { useHistory, useStore } from "../live/run-context.tsx";
import { useGo } from "../live/use-address.ts";
import { stayAt, trailOf } from "./trail.ts";

/** A longer way is shown from here on. All of it is in the history. */
const shownMax = 24;

/** The states that a run went through. Each leads back to when it was entered. */
export function StatesTrail() {
  const history = useHistory();
  const go = useGo();
  const nowMs = useNow();
  const endMs = useStore(({ run }) => run?.endMs ?? 0);
  const past = useStore((store) => store.past);
  const { events, version } = history;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version tells when there are more events
  const trail = useMemo(() => trailOf(events, endMs), [version, endMs]);
  if (trail.length === 0) return null;
  const at = stayAt(trail, past?.event);
  const hidden = Math.max(0, trail.length - shownMax);
  return (
    <section className="run-states">
      {hidden > 0 ? <span className="small soft">{hidden} earlier states</span> : null}
      <ol aria-label="States">
        {trail.slice(hidden).map(({ state, event, fromMs, untilMs, way }, place) => (
          <li key={event} {...(hidden + place === at ? { "aria-current": "step" as const } : {})}>
            {way === "" ? null : <span className="run-stay-way">{way}</span>}
            <button type="button" className="run-stay" onClick={() => go({ event })}>
              <strong>{state}</strong> <span className="small soft">{span((untilMs || nowMs) - fromMs)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
