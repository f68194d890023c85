import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { objectsQuery } from "../../data/queries.ts";
import { Moment } from "../../elements/moment.tsx";
import { count, counted } from "../../elements/moments.ts";
import { Empty, PageHead } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { BadgeMark } from "../../score/glyph.tsx";
import { freeOrBusy } from "../../score/states.ts";

/** Keyed objects that have been called. */
export function ObjectsPage() {
  const query = useQuery(objectsQuery());
  const { objects = [], nextToken = "" } = query.data ?? {};
  const prefix = nextToken === "" ? "" : "the latest ";
  return (
    <>
      <PageHead
        title="Objects"
        below={query.data === undefined ? <>&nbsp;</> : `${prefix}${counted(objects.length, "object")}`}
      />
      <QueryView query={query} label="objects" lines={6}>
        {() =>
          objects.length === 0 ? (
            <Empty title="No objects yet.">
              <p className="soft">An object is listed after its first call.</p>
            </Empty>
          ) : (
            <div className="scroll-x">
              <table className="lines">
                <thead>
                  <tr>
                    <th scope="col">Object</th>
                    <th scope="col">Key</th>
                    <th scope="col">State</th>
                    <th scope="col">Waiting calls</th>
                    <th scope="col">Ended calls</th>
                    <th scope="col">Changed</th>
                  </tr>
                </thead>
                <tbody>
                  {objects.map(({ name, key, current, waitingCount, endedCount, updateTimeMs }) => (
                    <tr key={`${name} ${key}`}>
                      <td>
                        <Link to="/workflows/$name" params={{ name }}>
                          {name}
                        </Link>
                      </td>
                      <td>
                        <Link to="/objects/$name/$key" params={{ name, key }}>
                          {key}
                        </Link>
                      </td>
                      <td>
                        <BadgeMark badge={current === undefined ? freeOrBusy.free : freeOrBusy.busy} />
                      </td>
                      <td>{count(waitingCount ?? 0)}</td>
                      <td>{count(endedCount ?? 0)}</td>
                      <td>
                        <Moment atMs={updateTimeMs} />
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </QueryView>
    </>
  );
}
