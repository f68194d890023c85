import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { Run } from "@tutti/rest/types";
import { runQuery, workflowQuery, workflowsQuery } from "../../data/queries.ts";
import { ChoiceField } from "../../elements/fields.tsx";
import { Empty, Failure, Loading, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { StartForm } from "./start-form.tsx";

/** The page to start a run: workflow, input, and known facts about the workflow. */
export function StartPage() {
  const { workflow, like } = useSearch({ from: "/start" });
  const navigate = useNavigate({ from: "/start" });
  const workflows = useQuery(workflowsQuery());
  const source = useQuery({ ...runQuery(like ?? ""), enabled: like !== undefined });
  const chosen = workflow ?? source.data?.spec?.definition?.name ?? "";
  return (
    <div className="start-page">
      <PageHead
        title="Start a run"
        below={
          like === undefined ? (
            "Choose a workflow and fill in its input."
          ) : (
            <>
              like{" "}
              <Link to="/runs/$runId" params={{ runId: like }}>
                {like}
              </Link>
            </>
          )
        }
      />
      <QueryView query={workflows} label="workflows" lines={6}>
        {({ definitions }) => {
          // The list has only one page, so a name that is missing from it is looked up.
          const isKnown = definitions.some(({ name }) => name === chosen);
          return definitions.length === 0 ? (
            <Empty title="No workflows yet.">
              <p>
                <Link to="/editor">Create workflow</Link>, publish a <Link to="/templates">template</Link>, or
                in a terminal: <code>npx tutti workflow register order.yaml</code>
              </p>
            </Empty>
          ) : (
            <>
              <Part title="Workflow">
                <ChoiceField
                  label="Workflow"
                  value={isKnown ? chosen : ""}
                  required
                  choices={[
                    ...(isKnown ? [] : [["", "choose one"] as const]),
                    ...definitions
                      .filter(({ archived, name }) => archived !== true || name === chosen)
                      .map(({ name = "" }) => [name, name] as const),
                  ]}
                  onChange={(next) =>
                    void navigate({ search: { workflow: next, ...(like === undefined ? {} : { like }) } })
                  }
                />
              </Part>
              {chosen === "" ? null : like !== undefined && source.data === undefined ? (
                <LikeWaits error={source.error} />
              ) : (
                <OfWorkflow key={chosen} name={chosen} like={source.data} />
              )}
            </>
          );
        }}
      </QueryView>
    </div>
  );
}

function LikeWaits({ error }: { error: Error | null }) {
  if (error === null) return <Loading label="the run" />;
  return <Failure title="Template run cannot be read" message={error.message} />;
}

function OfWorkflow({ name, like }: { name: string; like: Run | undefined }) {
  const query = useQuery(workflowQuery(name));
  return (
    <QueryView query={query} label="the workflow" lines={6}>
      {(definition) => <StartForm definition={definition} like={like} />}
    </QueryView>
  );
}
