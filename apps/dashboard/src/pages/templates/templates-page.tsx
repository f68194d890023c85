import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { TextField } from "../../elements/fields.tsx";
import { counted } from "../../elements/moments.ts";
import { Empty, PageHead, Part, Tag } from "../../elements/parts.tsx";
import { templates } from "./sources.ts";
import { type Template, type TemplateKind, templateKinds } from "./template.ts";
import "../workflows/workflows.css";

const titles: Readonly<Record<TemplateKind, string>> = {
  workflows: "Workflows",
  agents: "Agents",
  missions: "Missions",
  sessions: "Sessions",
};

/** All templates of this release, with actions to publish and start them. */
export function TemplatesPage() {
  const [typed, setTyped] = useState("");
  const visible = templates.filter((template) => matches(template, typed));
  return (
    <>
      <PageHead
        title="Templates"
        below={
          <>
            {counted(templates.length, "template")} to publish and start.{" "}
            <Link to="/workflows">All workflows</Link>
          </>
        }
        actions={
          <Link to="/editor" className="press">
            Create workflow
          </Link>
        }
      />
      <div className="workflow-search">
        <TextField
          label="Search"
          type="search"
          value={typed}
          onChange={setTyped}
          placeholder="name or description"
        />
      </div>
      {visible.length === 0 ? <Empty title="No templates match." /> : null}
      {templateKinds.map((kind) => (
        <OfKind key={kind} kind={kind} visible={visible.filter((template) => template.kind === kind)} />
      ))}
    </>
  );
}

function matches({ name, about }: Template, typed: string): boolean {
  return `${name} ${about}`.toLowerCase().includes(typed.trim().toLowerCase());
}

function OfKind({ kind, visible }: { kind: TemplateKind; visible: readonly Template[] }) {
  if (visible.length === 0) return null;
  return (
    <Part title={titles[kind]} aside={visible.length}>
      <ul className="workflow-cards">
        {visible.map((template) => (
          <li key={template.name}>
            <Card template={template} />
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Card({ template: { kind, name, about, definitions } }: { template: Template }) {
  const own = name.split("/").at(-1) ?? name;
  return (
    <article className="workflow-card template-card">
      <h3>
        <Link to="/templates/$kind/$name" params={{ kind, name: own }}>
          {own}
        </Link>
      </h3>
      <p className="workflow-description">{about}</p>
      <p className="workflow-tags">{definitions.length > 0 ? <Tag>form</Tag> : <Tag>program</Tag>}</p>
    </article>
  );
}
