import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { workflowsQuery } from "../../data/queries.ts";
import { after } from "../../effects/time.ts";
import { ChoiceField, TextField } from "../../elements/fields.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { badgeOf, runStateOrder, runStates } from "../../score/states.ts";
import { type RunsSearch, withinChoices } from "./search.ts";

const typingMs = 250;

/** The filter of the list. The address contains the whole filter, so that users can bookmark and share a list. */
export function Filters({
  search,
  onChange,
}: {
  search: RunsSearch;
  onChange: (search: RunsSearch) => void;
}) {
  const { data } = useQuery(workflowsQuery());
  const names = data?.definitions.map(({ name }) => name ?? "") ?? [];
  const set = <Name extends keyof RunsSearch>(name: Name, value: RunsSearch[Name] | undefined) => {
    const { [name]: _, ...others } = search;
    onChange(value === undefined || value === "" ? others : { ...others, [name]: value });
  };
  const workflows = [...new Set([...names, ...(search.workflow === undefined ? [] : [search.workflow])])];
  return (
    <search className="filters">
      <Typed
        label="Search"
        placeholder="id, label or error"
        kind="search"
        value={search.text}
        onChange={(text) => set("text", text)}
      />
      <ChoiceField
        label="Workflow"
        value={search.workflow ?? ""}
        choices={[["", "any"], ...workflows.map((name) => [name, name] as const)]}
        onChange={(workflow) => set("workflow", workflow)}
      />
      <Typed
        label="Label"
        placeholder="team=payments"
        kind="text"
        value={search.label}
        onChange={(label) => set("label", label)}
      />
      <ChoiceField
        label="Started"
        value={search.within ?? ""}
        choices={withinChoices}
        onChange={(within) => set("within", within)}
      />
      <StateFilter
        chosen={search.status ?? []}
        onChange={(status) => set("status", status.length > 0 ? status : undefined)}
      />
    </search>
  );
}

/** A field whose value takes effect when typing pauses, because a query per letter would be too many. */
export function Typed(options: {
  label: string;
  placeholder: string;
  kind: "search" | "text";
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}) {
  const { value = "", onChange } = options;
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only typing starts the wait
  useEffect(() => {
    if (typed === value) return;
    return after(typingMs, () => onChange(typed.trim() === "" ? undefined : typed.trim()));
  }, [typed]);
  return (
    <TextField
      label={options.label}
      value={typed}
      placeholder={options.placeholder}
      type={options.kind}
      onChange={setTyped}
    />
  );
}

/** A filter by state. No selection means any state. */
export function StateFilter({
  chosen,
  onChange,
}: {
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
}) {
  return (
    <fieldset className="state-filter">
      <legend className="field-label">State</legend>
      {runStateOrder.map((state) => {
        const badge = badgeOf(runStates, state);
        return (
          <label key={state} className={`state-choice tone-${badge.tone}`}>
            <input
              type="checkbox"
              checked={chosen.includes(state)}
              onChange={(event) =>
                onChange(event.target.checked ? [...chosen, state] : chosen.filter((each) => each !== state))
              }
            />
            <span>
              <Glyph name={badge.glyph} />
              {badge.label}
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
