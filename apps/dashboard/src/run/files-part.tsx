import { useQuery } from "@tanstack/react-query";
import type { RunFile } from "@tutti/rest/types";
import { useState } from "react";
import { pathIn } from "../data/in-namespace.ts";
import { runFilesQuery } from "../data/queries.ts";
import { currentNamespace } from "../effects/namespace.ts";
import { bytes } from "../elements/moments.ts";
import { Part } from "../elements/parts.tsx";
import { pathOf } from "../elements/spelled.ts";
import { isDisplayable } from "./json/external-value.ts";
import { ValueView } from "./json/value-view.tsx";

/** All content in the blob store that a run refers to. Nothing if it refers to none. */
export function FilesPart({ runId }: { runId: string }) {
  const { data } = useQuery(runFilesQuery(runId));
  const [opened, setOpened] = useState("");
  const { files = [], nextToken = "" } = data ?? {};
  if (files.length === 0) return null;
  const file = files.find(({ name }) => name === opened);
  return (
    <Part title="Files">
      <div className="scroll-x">
        <table className="lines">
          <thead>
            <tr>
              <th scope="col">Name</th>
              <th scope="col">Size</th>
              <th scope="col">
                <span className="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {files.map((each) => (
              <Row
                key={`${each.name} ${each.blob?.sha256}`}
                file={each}
                isOpen={each === file}
                onShow={() => setOpened(each === file ? "" : each.name)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {nextToken === "" ? null : (
        <p className="small soft">
          The first {files.length} files. All of them: <code>tutti files {runId}</code>
        </p>
      )}
      {file === undefined ? null : (
        <ValueView value={{ $blob: file.blob, mediaType: file.mediaType }} label={file.name} />
      )}
    </Part>
  );
}

function Row({ file, isOpen, onShow }: { file: RunFile; isOpen: boolean; onShow: () => void }) {
  const { name, mediaType = "", blob } = file;
  const { sha256 = "", size = 0 } = blob ?? {};
  return (
    <tr>
      <td>
        {name} <div className="small soft">{mediaType}</div>
      </td>
      <td>{bytes(size)}</td>
      <td>
        <a
          href={pathIn(currentNamespace(), pathOf(["blobs", sha256], { mediaType }))}
          download
          aria-label={`Save ${name}`}
        >
          Save
        </a>{" "}
        {isDisplayable({ size, mediaType }) ? (
          <button type="button" className="copy" aria-pressed={isOpen} onClick={onShow}>
            {isOpen ? "Hide" : "Show"} <span className="unseen">{name}</span>
          </button>
        ) : null}
      </td>
    </tr>
  );
}
