import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import type { CheckDefinitionReply, Definition } from "@tutti/rest/types";
import { useState } from "react";
import { send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { CopyLine } from "../../elements/copy.tsx";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Tabs } from "../../elements/tabs.tsx";
import { useWindowTitle } from "../../elements/work-page.tsx";
import type { StartKind } from "../start/draft-run.ts";
import { StartForm } from "../start/start-form.tsx";
import { templates } from "./sources.ts";
import type { Template, TemplateKind } from "./template.ts";
import "../workflows/workflows.css";
import "./templates.css";

/** The page of one template: description, form, and files. */
export function TemplatePage() {
  const { kind, name } = useParams({ from: "/templates/$kind/$name" });
  const template = templates.find(
    (candidate) => candidate.kind === kind && candidate.name.split("/").at(-1) === name,
  );
  useWindowTitle(name);
  if (template === undefined)
    return (
      <>
        <PageHead title="Template not found" />
        <Empty title={`No template ${name}.`}>
          <Link to="/templates">All templates</Link>
        </Empty>
      </>
    );
  return (
    <>
      <Head template={template} />
      {template.definitions.length === 0 ? null : <Startable template={template} />}
      <Part title="Run it with its workers">
        <p className="measure template-run">
          The command starts the workers of the template, runs it in a namespace of its own and prints the
          outcome.
        </p>
        <CopyLine label="CLI" text={`npx tutti template run ${template.name}`} />
      </Part>
      <Files key={template.name} template={template} />
    </>
  );
}

function Head({ template }: { template: Template }) {
  const { name, about, kind, definitions } = template;
  const queries = useQueryClient();
  const text = definitions.at(-1) ?? "";
  return (
    <PageHead
      title={name}
      below={
        <>
          <p className="measure">{about}</p>
          <p className="workflow-tags">
            <Tag>{kind}</Tag> <Link to="/templates">All templates</Link>
          </p>
        </>
      }
      actions={
        definitions.length === 0 ? undefined : (
          <Action
            label="Publish workflow"
            call={{ method: "POST", path: "/v1/workflows", body: { text, format: "yaml" } }}
            command={`tutti template publish ${name}`}
            perform={() => publish(template)}
            doneText={`Published ${name}.`}
            onDone={() => {
              void queries.invalidateQueries({ queryKey: ["workflow"] });
              void queries.invalidateQueries({ queryKey: ["workflows"] });
            }}
          />
        )
      }
    />
  );
}

/** Registers the definitions. Registering an unchanged text again is harmless, because the version already exists. */
async function publish({ definitions }: Template): Promise<unknown> {
  let reply: unknown;
  for (const text of definitions)
    reply = await send({ method: "POST", path: "/v1/workflows", body: { text, format: "yaml" } });
  return reply;
}

const startKinds: Readonly<Record<TemplateKind, StartKind>> = {
  workflows: "run",
  agents: "run",
  missions: "mission",
  sessions: "session",
};

const checkQuery = ({ name, definitions }: Template) => {
  const body = { text: definitions.at(-1) ?? "", format: "yaml" };
  return {
    queryKey: ["template", name],
    queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
      send({ method: "POST", path: "/v1/workflows/check", body }, signal) as Promise<CheckDefinitionReply>,
  };
};

/** The platform parses the definition, so that the form equals that of the published workflow. */
function Startable({ template }: { template: Template }) {
  const query = useQuery(checkQuery(template));
  return (
    <QueryView query={query} label="the form" lines={6}>
      {({ definition }) =>
        definition === undefined ? (
          <Empty title="This platform cannot read the definition." />
        ) : (
          <div className="template-start">
            <Needs definition={definition} />
            <StartForm
              key={template.name}
              definition={definition}
              kind={startKinds[template.kind]}
              prepare={() => publish(template)}
            />
          </div>
        )
      }
    </QueryView>
  );
}

function Needs({ definition: { name = "", uses } }: { definition: Definition }) {
  const capabilities = uses.filter((each) => !each.includes("${{"));
  return (
    <p className="measure template-needs">
      Starting publishes <code>{name}</code> in this namespace first.{" "}
      {capabilities.length === 0 ? (
        "Name capabilities of your workers as parameters."
      ) : (
        <>
          It needs workers that offer{" "}
          {capabilities.map((each, at) => (
            <span key={each}>
              {at === 0 ? "" : ", "}
              <code>{each}</code>
            </span>
          ))}
          .
        </>
      )}
    </p>
  );
}

function Files({ template: { files } }: { template: Template }) {
  const [current, setCurrent] = useState(files[0]?.name ?? "");
  const file = files.find(({ name }) => name === current);
  return (
    <Part title="Files">
      <Tabs
        label="Files of the template"
        tabs={files.map(({ name }) => [name, name] as const)}
        current={current}
        onChange={setCurrent}
      >
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must reach the scrolling element */}
        <section className="definition-source" tabIndex={0} aria-label={current}>
          <pre>{file?.text}</pre>
        </section>
      </Tabs>
    </Part>
  );
}
