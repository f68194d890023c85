import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Definition, Routes } from "@tutti/rest/types";
import { endComparison, type VariantRoutes, variantsIn } from "@tutti/rest/variants";
import { useState } from "react";
import { read } from "../../data/queries.ts";
import { send } from "../../data/send.ts";
import { Action } from "../../elements/action.tsx";
import { TextField } from "../../elements/fields.tsx";
import { Empty, Meter, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { commandLine, pathOf } from "../../elements/spelled.ts";
import { percentProblem } from "../workflows/rollout.ts";
import "./variants.css";

interface VariantsOf {
  readonly name: string;
  /** Share of new runs that take the new variant. */
  readonly percent: number;
}

const variantsQuery = () =>
  queryOptions({
    queryKey: ["workflows", "variants"],
    queryFn: async ({ signal }): Promise<readonly VariantsOf[]> => {
      const path = pathOf(["workflows"], { size: 1_000 });
      const { definitions } = await read<Routes["workflows.list"]["reply"]>(path, signal);
      const labelled = definitions.filter(({ versionLabels }) =>
        versionLabels.some((label) => label === "old" || label === "new"),
      );
      const found = labelled.map(async ({ name }) => {
        const versions = pathOf(["workflows", name, "versions"], { size: 500 });
        const reply = await read<Routes["workflows.versions"]["reply"]>(versions, signal);
        const variants = variantsIn(reply.versions);
        return variants === undefined ? [] : [{ name, percent: variants.percent }];
      });
      return (await Promise.all(found)).flat();
    },
  });

/** Workflows with two variants: their shares of new runs, and a rollback. */
export function VariantsPart() {
  const query = useQuery(variantsQuery());
  return (
    <Part title="Variants">
      <QueryView query={query} label="variants" lines={2}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="No variants yet.">
              Put two capabilities behind one workflow:{" "}
              <code>tutti variant set NAME OLD NEW --percent 10</code>
            </Empty>
          ) : (
            <ul className="variants">
              {found.map((variants) => (
                <WorkflowItem key={variants.name} variants={variants} />
              ))}
            </ul>
          )
        }
      </QueryView>
    </Part>
  );
}

function WorkflowItem({ variants: { name, percent } }: { variants: VariantsOf }) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState<string>();
  const draft = typed ?? String(percent);
  const problem = percentProblem(draft);
  const path = pathOf(["workflows", name, "rollout"]);
  const onDone = () => {
    setTyped(undefined);
    for (const kind of ["workflow", "workflows"]) void queries.invalidateQueries({ queryKey: [kind] });
  };
  const rollback = {
    method: "POST",
    path,
    body: { version: "old", percent: 100, reason: "dashboard" },
  } as const;
  return (
    <li>
      <p>
        <Link to="/workflows/$name" params={{ name }}>
          {name}
        </Link>{" "}
        <span className="soft">
          new {percent} %, old {100 - percent} % of new runs
        </span>
      </p>
      <Meter share={percent / 100} tone="playing" />
      <div className="variant-acts">
        <TextField
          label={`Part of new runs of ${name}`}
          hint="percent, 0 to 100"
          value={draft}
          onChange={setTyped}
          problem={problem}
          inputMode="numeric"
        />
        <Action
          label="Set percentage"
          disabled={problem !== undefined || Number(draft) === percent}
          call={{
            method: "POST",
            path,
            body: { version: "new", percent: Number(draft), reason: "dashboard" },
          }}
          command={commandLine("tutti", "workflow", "rollout", `${name}@new`, "--percent", draft)}
          doneText={`${name}: the new variant takes ${draft} % of new runs.`}
          onDone={onDone}
        />
        <Action
          label="Roll back"
          weight="grave"
          disabled={percent === 0}
          call={rollback}
          command={commandLine("tutti", "variant", "rollback", name)}
          perform={async () => {
            const reply = await send(rollback);
            await endComparison(routes, name);
            return reply;
          }}
          doneText={`${name}: all new runs take the old variant.`}
          onDone={onDone}
        />
      </div>
    </li>
  );
}

const routes: VariantRoutes = {
  // The cast: the reply of this route.
  old: async (name) => {
    const path = pathOf(["workflows", name], { label: "old", withSource: true, withoutLiveCount: true });
    return (await send({ method: "GET", path })) as Definition;
  },
  register: (body) => send({ method: "POST", path: pathOf(["workflows"]), body }),
};
