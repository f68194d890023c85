import { useQuery } from "@tanstack/react-query";
import type { PathProfile, TaskProfile } from "@tutti/rest/types";
import { count, counted, figure, span as lasting, percent } from "../../elements/moments.ts";
import { Facts, Meter } from "../../elements/parts.tsx";
import { ScrollTable } from "../../elements/scroll-table.tsx";
import { Found } from "./found.tsx";
import { profileQuery } from "./queries.ts";
import type { AnalysisSearch } from "./search.ts";

const pathsMax = 5;

/** The profile of a workflow's runs: outcome, duration, tasks, paths. */
export function Profile({ search, workflow }: { search: AnalysisSearch; workflow: string }) {
  const query = useQuery(profileQuery(search));
  return (
    <Found
      title={`Profile of ${workflow}`}
      part="profile"
      search={search}
      query={query}
      isEmpty={({ count: many = 0 }) => many === 0}
      emptyText={`No runs of ${workflow} ended in this time.`}
    >
      {({ count: many = 0, success = 0, durationMs: [half = 0, most = 0, all = 0], tasks, paths }) => (
        <>
          <Facts
            facts={[
              ["Ended", counted(many, "run")],
              ["Completed", percent(success)],
              ["Duration, p50 · p90 · p99", [half, most, all].map(lasting).join(" · ")],
            ]}
          />
          <Tasks tasks={tasks} />
          <Paths paths={paths} />
        </>
      )}
    </Found>
  );
}

const taskTitles = ["Task", "On the critical path", "Done", "Completed", "Attempts", "Wait", "p50", "p99"];

function Tasks({ tasks }: { tasks: readonly TaskProfile[] }) {
  return (
    <ScrollTable label="Tasks" className="analysis-tasks" titles={taskTitles}>
      {tasks.map(({ task = "", runMs, ...one }) => (
        <tr key={task}>
          <th scope="row">{task}</th>
          <td>
            <span>
              <Meter share={one.critical ?? 0} tone="held" />
              {percent(one.critical ?? 0)}
            </span>
          </td>
          <td>{count(one.count ?? 0)}</td>
          <td>{percent(one.success ?? 0)}</td>
          <td>{figure(one.attempts ?? 0)}</td>
          <td>{lasting(one.waitedMs ?? 0)}</td>
          <td>{lasting(runMs[0] ?? 0)}</td>
          <td>{lasting(runMs[2] ?? 0)}</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Paths({ paths }: { paths: readonly PathProfile[] }) {
  if (paths.length < 2) return null;
  return (
    <>
      <h3 className="analysis-paths">Paths</h3>
      <ol className="findings">
        {paths.slice(0, pathsMax).map(({ tasks, share = 0, success = 0, durationMs = 0 }) => (
          <li key={tasks.join(" ")} className="finding">
            <div className="finding-share small">
              <Meter share={share} />
              {percent(share)}
            </div>
            <div className="finding-what">
              <p>{tasks.join(" → ")}</p>
              <p className="small soft">
                {lasting(durationMs)} on average, {percent(success)} completed
              </p>
            </div>
          </li>
        ))}
      </ol>
    </>
  );
}
