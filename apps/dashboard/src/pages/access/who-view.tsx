import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { policySchemaQuery } from "../../data/governance-queries.ts";
import { Shown } from "../../elements/shown.tsx";
import { AskPart } from "./ask-part.tsx";
import { MatrixPart } from "./matrix-part.tsx";
import { type Asked, nothingAsked } from "./question.ts";
import { actionsOf } from "./vocabulary.ts";

/** Access questions, one by one and as a matrix. */
export function WhoView() {
  const search = useSearch({ from: "/access" });
  const navigate = useNavigate({ from: "/access" });
  const schema = useQuery(policySchemaQuery());
  const actions = useMemo(() => actionsOf(schema.data?.schema ?? ""), [schema.data]);
  const { who = "", action = "", kind = "", id = "" } = search;
  const asked: Asked = { ...nothingAsked, who, action, kind, id };
  const ask = (next: Asked) => {
    const said = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ""));
    void navigate({ search: said, resetScroll: false });
  };
  return (
    <Shown query={schema} what="permissions" lines={8}>
      {() => (
        <>
          <AskPart key={JSON.stringify(asked)} asked={asked} actions={actions} onAsk={ask} />
          <MatrixPart
            actions={actions}
            onAsk={(next) => {
              ask(next);
              document.getElementById("ask")?.scrollIntoView({ block: "start" });
            }}
          />
        </>
      )}
    </Shown>
  );
}
