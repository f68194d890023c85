import { useNow } from "../effects/use-now.ts";
import { clock, distance, durationMs, type Lifetime, span } from "./moments.ts";

/** A time relative to now. The full time is shown on hover and read by screen readers. */
export function Moment({ atMs }: { atMs: number | undefined }) {
  const nowMs = useNow();
  if (atMs === undefined || atMs === 0) return <span className="soft">–</span>;
  return (
    <time dateTime={new Date(atMs).toISOString()} title={clock(atMs)}>
      {distance(atMs, nowMs)}
    </time>
  );
}

/** The duration of a run, a mission or a session. */
export function Duration({ of }: { of: Lifetime }) {
  const nowMs = useNow();
  if (!of.createTimeMs) return <span className="soft">–</span>;
  return <span>{span(durationMs(of, nowMs))}</span>;
}

/** The duration of something, until now if it has not ended. */
export function Lasting({ fromMs, toMs }: { fromMs: number | undefined; toMs: number | undefined }) {
  const nowMs = useNow();
  if (fromMs === undefined || fromMs === 0) return <span className="soft">–</span>;
  return <span>{span((toMs || nowMs) - fromMs)}</span>;
}
