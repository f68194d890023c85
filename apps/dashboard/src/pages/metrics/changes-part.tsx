import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Moment } from "../../elements/moment.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { type Change, changesIn, driftsIn } from "./changes.ts";
import { trendsQuery } from "./queries.ts";
import { type MetricsSearch, ranges } from "./search.ts";

const changesMax = 50;

interface ChangesOptions {
  readonly metric: string;
  readonly namespace: string;
  readonly figures: readonly string[];
  readonly search: MetricsSearch;
}

/** Abrupt changes and drifting series of the metric. Computed on request, because the analysis reads the whole range. */
export function ChangesPart({ metric, namespace, figures, search }: ChangesOptions) {
  const [isRequested, setRequested] = useState(false);
  const { range = "1h" } = search;
  const query = useQuery({ ...trendsQuery({ metric, namespace, figures, search }), enabled: isRequested });
  return (
    <Part title="Changes" aside={ranges[range].word}>
      {isRequested ? (
        <QueryView query={query} label="changes" lines={3}>
          {({ trends }) => {
            const changes = changesIn(metric, trends);
            const drifts = driftsIn(metric, trends);
            return changes.length + drifts.length === 0 ? (
              <Empty title="No changes beyond chance." />
            ) : (
              <>
                {drifts.length === 0 ? null : (
                  <ul className="metric-drifts">
                    {drifts.slice(0, changesMax).map((drift) => (
                      <li key={drift}>{drift}</li>
                    ))}
                  </ul>
                )}
                {changes.length === 0 ? null : <Changes changes={changes} />}
              </>
            );
          }}
        </QueryView>
      ) : (
        <>
          <p>Find abrupt changes and steady trends of the series.</p>
          <button type="button" className="press metric-find" onClick={() => setRequested(true)}>
            Find changes
          </button>
        </>
      )}
    </Part>
  );
}

function Changes({ changes }: { changes: readonly Change[] }) {
  return (
    <>
      <table className="lines metric-changes">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Series</th>
            <th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          {changes.slice(0, changesMax).map(({ series, timeMs, before, after, isRise }) => (
            <tr key={`${series} ${timeMs}`}>
              <td>
                <Moment atMs={timeMs} />
              </td>
              <td>{series}</td>
              <td>
                {isRise ? "rose" : "fell"} from {before} to {after}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {changes.length > changesMax ? (
        <p className="small soft">
          latest {count(changesMax)} of {count(changes.length)}
        </p>
      ) : null}
    </>
  );
}
