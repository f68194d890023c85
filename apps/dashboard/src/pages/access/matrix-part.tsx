import { useQuery } from "@tanstack/react-query";
import type { AccessRow } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { matrixQuery } from "../../data/governance-queries.ts";
import { TextField } from "../../elements/fields.tsx";
import { count } from "../../elements/moments.ts";
import { Empty, Part } from "../../elements/parts.tsx";
import { QueryView } from "../../elements/query-view.tsx";
import { Glyph } from "../../score/glyph.tsx";
import { type Area, areasOf, type May, mayInArea, Rights } from "./matrix.ts";
import { type AccessCheck, emptyCheck, principalText } from "./question.ts";
import type { Action } from "./vocabulary.ts";

type OnCheck = (check: AccessCheck) => void;

/** All principals against all resources. A click on a cell asks the question of that cell. */
export function MatrixPart({ actions, onCheck }: { actions: readonly Action[]; onCheck: OnCheck }) {
  const [pages, setPages] = useState<readonly string[]>([""]);
  const query = useQuery(matrixQuery(pages.at(-1) ?? ""));
  const { total = 0, nextToken } = query.data ?? {};
  return (
    <Part
      title="Permissions of principals"
      aside={query.data === undefined ? "…" : `${count(total)} principals`}
    >
      <QueryView query={query} label="the matrix" lines={10}>
        {({ rows }) =>
          rows.length === 0 ? (
            <Empty title="No principals yet.">
              <p>
                The user of this machine is its administrator. Create other principals with{" "}
                <code>npx tutti principal create person:ada</code>, and bind a role with{" "}
                <code>npx tutti role bind operator person:ada</code>.
              </p>
            </Empty>
          ) : (
            <Matrix rows={rows} actions={actions} onCheck={onCheck} />
          )
        }
      </QueryView>
      {pages.length > 1 || nextToken ? (
        <div className="pages">
          <button
            type="button"
            className="press"
            disabled={pages.length === 1}
            onClick={() => setPages(pages.slice(0, -1))}
          >
            Previous
          </button>
          <button
            type="button"
            className="press"
            disabled={!nextToken}
            onClick={() => setPages([...pages, nextToken ?? ""])}
          >
            Next
          </button>
        </div>
      ) : null}
    </Part>
  );
}

function Matrix(options: { rows: readonly AccessRow[]; actions: readonly Action[]; onCheck: OnCheck }) {
  const { rows, actions, onCheck } = options;
  const [text, setText] = useState("");
  const filterText = useDeferredValue(text);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const areas = useMemo(() => areasOf(actions, filterText), [actions, filterText]);
  const columns = useMemo(
    () => rows.map((row) => ({ row, rights: new Rights(row), who: principalText(row.actor) })),
    [rows],
  );
  const turn = (name: string) => {
    const next = new Set(open);
    if (!next.delete(name)) next.add(name);
    setOpen(next);
  };
  return (
    <>
      <div className="matrix-look">
        <TextField label="Search" type="search" value={text} placeholder="runs.start" onChange={setText} />
        <p className="small soft matrix-key">
          <Cell may="always" /> always <Cell may="sometimes" /> with conditions <Cell may="never" /> never
        </p>
      </div>
      {areas.length === 0 ? <Empty title="No actions match." /> : null}
      <div className="matrix-room">
        <table className="matrix">
          <thead>
            <tr>
              <th scope="col">What</th>
              {columns.map(({ row, who }) => (
                <th key={who} scope="col">
                  <code>{who}</code>
                  <span className="small soft">{row.roles.join(", ") || "no role"}</span>
                </th>
              ))}
            </tr>
          </thead>
          {areas.map((area) => {
            const isOpen = open.has(area.name) || filterText.trim().length > 2;
            return (
              <tbody key={area.name}>
                <AreaRow area={area} columns={columns} isOpen={isOpen} onTurn={() => turn(area.name)} />
                {isOpen
                  ? area.actions.map((action) => (
                      <ActionRow key={action.name} action={action} columns={columns} onCheck={onCheck} />
                    ))
                  : null}
              </tbody>
            );
          })}
        </table>
      </div>
    </>
  );
}

interface Column {
  readonly row: AccessRow;
  readonly rights: Rights;
  readonly who: string;
}

function AreaRow(options: { area: Area; columns: readonly Column[]; isOpen: boolean; onTurn: () => void }) {
  const { area, columns, isOpen, onTurn } = options;
  return (
    <tr className="matrix-area">
      <th scope="row">
        <button type="button" className="text-link" aria-expanded={isOpen} onClick={onTurn}>
          {area.name}
        </button>
      </th>
      {columns.map(({ who, rights }) => {
        const areaRights = rights.inArea(area);
        return (
          <td key={who}>
            <Cell may={mayInArea(areaRights)} />
            <span className="small soft">
              {areaRights.always + areaRights.sometimes} <span className="unseen">of</span>
              <span aria-hidden="true">/</span> {areaRights.all}
            </span>
          </td>
        );
      })}
    </tr>
  );
}

function ActionRow(options: { action: Action; columns: readonly Column[]; onCheck: OnCheck }) {
  const { action, columns, onCheck } = options;
  const { name, kinds } = action;
  return (
    <tr>
      <th scope="row">
        <code>{name.slice(name.lastIndexOf(".") + 1)}</code>
      </th>
      {columns.map(({ who, rights }) => (
        <td key={who}>
          <button
            type="button"
            className="cell-ask"
            aria-label={`Why may ${who} do ${name} ${rights.mayDo(name)}?`}
            onClick={() => onCheck({ ...emptyCheck, who, action: name, kind: kinds[0] ?? "" })}
          >
            <Cell may={rights.mayDo(name)} />
            <span className="small">{rights.mayDo(name)}</span>
          </button>
        </td>
      ))}
    </tr>
  );
}

const marks = {
  always: { glyph: "final", tone: "done" },
  sometimes: { glyph: "breath", tone: "held" },
  never: { glyph: "tacet", tone: "silent" },
} as const;

function Cell({ may }: { may: May }) {
  const { glyph, tone } = marks[may];
  return (
    <span className={`tone-${tone} cell-mark`}>
      <Glyph name={glyph} />
      <span className="unseen">{may}</span>
    </span>
  );
}
