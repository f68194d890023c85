import { useState } from "react";
import { Copy } from "./copy.tsx";
import { counted } from "./moments.ts";

const openDepth = 2;
const entriesMax = 100;

/** A value as a tree. Everything is a text node, so markup in the value is shown as text. */
export function Json({ value, label }: { value: unknown; label: string }) {
  if (value === undefined) return <p className="soft">none</p>;
  return (
    <div className="json">
      <div className="json-copy">
        <Copy text={JSON.stringify(value, null, 2)} label={label} />
      </div>
      <JsonValue value={value} depth={0} />
    </div>
  );
}

function JsonValue({ value, depth }: { value: unknown; depth: number }) {
  if (Array.isArray(value))
    return (
      <JsonEntries entries={value.map((each, index) => [String(index), each])} brackets="[]" depth={depth} />
    );
  if (typeof value === "object" && value !== null)
    return <JsonEntries entries={Object.entries(value)} brackets="{}" depth={depth} />;
  const kind = value === null ? "null" : typeof value === "bigint" ? "number" : typeof value;
  return <span className={`json-${kind}`}>{JSON.stringify(value) ?? String(value)}</span>;
}

function JsonEntries(options: { entries: [string, unknown][]; brackets: string; depth: number }) {
  const { entries, brackets, depth } = options;
  const [visible, setVisible] = useState(entriesMax);
  if (entries.length === 0) return <span className="soft">{brackets}</span>;
  const isList = brackets === "[]";
  return (
    <details className="json-entries" open={depth < openDepth}>
      <summary>
        <span className="soft">
          {brackets[0]}{" "}
          {isList ? counted(entries.length, "entry", "entries") : counted(entries.length, "field")}{" "}
          {brackets[1]}
        </span>
      </summary>
      <ul>
        {entries.slice(0, visible).map(([name, each]) => (
          <li key={name}>
            <span className={isList ? "json-index" : "json-name"}>{name}</span>
            <JsonValue value={each} depth={depth + 1} />
          </li>
        ))}
      </ul>
      {visible < entries.length ? (
        <button type="button" className="press quiet" onClick={() => setVisible(visible + entriesMax * 10)}>
          {entries.length - visible} more
        </button>
      ) : null}
    </details>
  );
}
