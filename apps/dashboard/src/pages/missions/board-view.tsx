import type { BoardEntry } from "@tutti/rest/types";
import { useDeferredValue, useMemo, useState } from "react";
import { TextField } from "../../elements/fields.tsx";
import { Moment } from "../../elements/moment.tsx";
import { Empty } from "../../elements/parts.tsx";
import { VirtualCards } from "../../elements/virtual-cards.tsx";
import { actorOf } from "./mission.ts";
import { ValueLine } from "./value-line.tsx";

/** Minimum number of entries for a search field. */
const searchedFrom = 12;
const rowPx = 45;

/** The shared entries of the agents: each key with its value, version and last author. */
export function BoardView({ entries }: { entries: readonly BoardEntry[] }) {
  const [text, setText] = useState("");
  const filterText = useDeferredValue(text.trim().toLowerCase());
  const visible = useMemo(
    () => entries.filter(({ key }) => key.toLowerCase().includes(filterText)),
    [entries, filterText],
  );
  if (entries.length === 0) return <Empty title="No entries yet.">Agents write entries.</Empty>;
  return (
    <>
      {entries.length < searchedFrom && text === "" ? null : (
        <div className="mission-look">
          <TextField label="Search" type="search" value={text} placeholder="key" onChange={setText} />
        </div>
      )}
      {visible.length === 0 ? <Empty title="No entries match." /> : null}
      <VirtualCards
        items={visible}
        keyOf={({ key }) => key}
        label="Blackboard"
        rowPx={rowPx}
        className="lines-of"
      >
        {({ key, value, version = 0, updateCause, updateTimeMs }) => (
          <div className="board-entry">
            <code className="board-key">{key}</code>
            <ValueLine value={value} label={key} />
            <span className="small soft">version {version}</span>
            <span className="small soft board-by">
              {actorOf(updateCause)} <Moment atMs={updateTimeMs} />
            </span>
          </div>
        )}
      </VirtualCards>
    </>
  );
}
