import type { RootCause } from "@tutti/rest/types";
import { Finding } from "./finding.tsx";
import { percent } from "./moments.ts";

/** Probable causes, most likely first. */
export function Causes({ causes }: { causes: readonly RootCause[] }) {
  return (
    <ol className="findings">
      {causes.map((cause) => (
        <li key={`${cause.kind} ${cause.subject} ${cause.summary}`}>
          <Finding
            share={cause.likelihood ?? 0}
            shareText={`${percent(cause.likelihood ?? 0)} likely`}
            tone="wrong"
            summary={cause.summary}
            evidence={cause.evidence}
            remedies={cause.remedies}
            startTimeMs={cause.startTimeMs}
            examples={cause.examples}
          />
        </li>
      ))}
    </ol>
  );
}
