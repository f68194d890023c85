import { useSyncExternalStore } from "react";
import { currentConnection, subscribeConnection } from "../data/connection.ts";
import { useNow } from "../effects/use-now.ts";
import { span } from "../elements/moments.ts";
import { Glyph } from "../score/glyph.tsx";

/** Says that the platform is away. It lies over the page's edge, so that nothing moves when it comes and goes. */
export function ConnectionBanner() {
  const connection = useSyncExternalStore(subscribeConnection, currentConnection);
  return (
    <div className="connection" role="status" aria-live="polite">
      {connection.kind === "away" ? <Away sinceMs={connection.sinceMs} /> : null}
    </div>
  );
}

function Away({ sinceMs }: { sinceMs: number }) {
  const nowMs = useNow();
  return (
    <p className="connection-away tone-held">
      <Glyph name="caesura" />
      <span>
        Disconnected from the platform. Reconnecting …{" "}
        <span className="soft" aria-hidden="true">
          {nowMs - sinceMs < 2_000 ? "" : span(nowMs - sinceMs)}
        </span>
      </span>
    </p>
  );
}
