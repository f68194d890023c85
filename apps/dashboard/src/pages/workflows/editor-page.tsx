import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import type { CheckDefinitionReply, Problem, RegisterDefinitionReply } from "@tutti/rest/types";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { workflowQuery } from "../../data/queries.ts";
import { type PageError, pageError, send } from "../../data/send.ts";
import { after } from "../../effects/time.ts";
import { Action } from "../../elements/action.tsx";
import { focusProblem, problemsOfRefusal } from "../../elements/editing.ts";
import { Loading, PageHead, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { SourceArea } from "../../elements/source-area.tsx";
import { notify } from "../../shell/notice-board.ts";
import { CheckPart } from "../drafting/check-part.tsx";
import "./workflows.css";

const GraphView = lazy(() => import("./graph-view.tsx"));

const checkAfterMs = 500;

const first = `workflow: greeting
description: Greets each person on a list.

input:
  schema:
    type: object
    required: [names]
    properties:
      names: {type: array, items: {type: string}}

tasks:
  greet:
    forEach: "\${{ input.names }}"
    uses: greet.person
    with: {name: "\${{ item }}"}
    retry: 3

output: "\${{ tasks.greet.output }}"
`;

/** The workflow editor. It checks the text during editing, and shows each problem with its place. */
export function EditorPage() {
  const { workflow } = useSearch({ from: "/editor" });
  const query = useQuery({ ...workflowQuery(workflow ?? ""), enabled: workflow !== undefined });
  if (workflow === undefined) return <Editor text={first} />;
  return (
    <QueryView query={query} label="the workflow" lines={12}>
      {(definition) => <Editor text={definition.source?.text ?? ""} name={workflow} />}
    </QueryView>
  );
}

function useCheck(text: string) {
  const [checked, setChecked] = useState<CheckDefinitionReply | undefined>();
  const [failure, setFailure] = useState<PageError | undefined>();
  useEffect(() => {
    const stop = new AbortController();
    const callOff = after(checkAfterMs, () => {
      const call = { method: "POST", path: "/v1/workflows/check", body: { text, format: "yaml" } } as const;
      send(call, stop.signal).then(
        (reply) => {
          setChecked(reply as CheckDefinitionReply);
          setFailure(undefined);
        },
        (error: unknown) => {
          if (!stop.signal.aborted) setFailure(pageError(error));
        },
      );
    });
    return () => {
      callOff();
      stop.abort();
    };
  }, [text]);
  return { checked, failure };
}

function Editor({ text: initial, name }: { text: string; name?: string }) {
  const [text, setText] = useState(initial);
  const { checked, failure } = useCheck(text);
  const [refused, setRefused] = useState<readonly Problem[]>([]);
  const area = useRef<HTMLTextAreaElement>(null);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const problems = refused.length > 0 ? refused : (checked?.problems ?? []);
  const errors = problems.filter(({ severity }) => severity === "error" || severity === "critical").length;
  const goTo = (problem: Problem) => focusProblem(area.current, text, problem);
  const registered = (reply: unknown) => {
    const { definition, existed } = reply as RegisterDefinitionReply;
    const called = definition?.name ?? "";
    notify({
      tone: "done",
      text: existed === true ? `${called} is already registered.` : `Registered ${called}.`,
    });
    void queries.invalidateQueries({ queryKey: ["workflow"] });
    void queries.invalidateQueries({ queryKey: ["workflows"] });
    void navigate({ to: "/workflows/$name", params: { name: called } });
  };
  return (
    <>
      <PageHead
        title={name === undefined ? "New workflow" : `Edit ${name}`}
        below={
          <>
            In YAML or JSON. <Link to="/workflows">All workflows</Link>
          </>
        }
      />
      <div className="editor">
        <Part title="Source">
          <SourceArea
            label="Definition"
            area={area}
            text={text}
            onChange={(next) => {
              setRefused([]);
              setText(next);
            }}
          />
          <div className="editor-acts">
            <Action
              label="Register workflow"
              weight="main"
              disabled={errors > 0 && refused.length === 0}
              call={{ method: "POST", path: "/v1/workflows", body: { text, format: "yaml" } }}
              command="tutti workflow register FILE"
              onDone={registered}
              onError={(error) => {
                const located = problemsOfRefusal(error);
                setRefused(located);
                if (located.length === 0) notify({ tone: "wrong", text: error.message });
              }}
            />
          </div>
        </Part>
        <Checked checked={checked} failure={failure} problems={problems} errors={errors} onSelect={goTo} />
      </div>
    </>
  );
}

function Checked(options: {
  checked: CheckDefinitionReply | undefined;
  failure: PageError | undefined;
  problems: readonly Problem[];
  errors: number;
  onSelect: (problem: Problem) => void;
}) {
  const { checked, failure, problems, errors, onSelect } = options;
  return (
    <div>
      <CheckPart
        checked={{ problems: checked === undefined ? undefined : problems, failure }}
        good="No problems found."
        onSelect={onSelect}
        wrong={errors}
      />
      {checked?.graph === undefined ? null : (
        <Part title="Graph">
          <Suspense fallback={<Loading label="the graph" lines={8} />}>
            <GraphView graph={checked.graph} inColumn />
          </Suspense>
        </Part>
      )}
    </div>
  );
}
