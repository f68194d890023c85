import { useQuery } from "@tanstack/react-query";
import { RestError } from "@tutti/rest/client";
import { pathIn } from "../../data/in-namespace.ts";
import { client } from "../../data/live.ts";
import { currentNamespace } from "../../effects/namespace.ts";
import { bytes } from "../../elements/moments.ts";
import { Loading } from "../../elements/parts.tsx";
import { pathOf } from "../../elements/spelled.ts";
import {
  contentOf,
  type ExternalValue,
  externalValueOf,
  filesWithin,
  isDisplayable,
} from "./external-value.ts";
import { JsonView } from "./json-view.tsx";

/** A value of a run or a task: plain JSON, content in the blob store, or bytes. */
export function ValueView({ value, label }: { value: unknown; label: string }) {
  const external = externalValueOf(value);
  if (external === undefined) return <Json value={value} label={label} />;
  if (external.kind === "blob") return <Blob blob={external} label={label} />;
  const { base64, mediaType } = external;
  return (
    <p className="soft">
      {bytes(Math.floor((base64.length * 3) / 4))} of {mediaType}.{" "}
      <a href={`data:application/octet-stream;base64,${base64}`} download>
        Save {label}
      </a>
    </p>
  );
}

/** Plain JSON, and links to the files that it refers to. */
function Json({ value, label }: { value: unknown; label: string }) {
  return (
    <>
      <JsonView value={value} label={label} />
      {filesWithin(value).map(({ name, file: { sha256, size, mediaType } }) => (
        <p key={name} className="small soft">
          {bytes(size)} of {mediaType}.{" "}
          <a href={pathIn(currentNamespace(), pathOf(["blobs", sha256], { mediaType }))} download>
            Save {name}
          </a>
        </p>
      ))}
    </>
  );
}

/** Codes for content that the store has lost. */
const lostCodes = new Set(["blobs.missing", "blobs.damaged"]);

function Blob({ blob, label }: { blob: ExternalValue & { kind: "blob" }; label: string }) {
  const { sha256, size, mediaType } = blob;
  const content = useQuery({
    // The content determines the name, so it never changes.
    queryKey: ["blob", sha256, mediaType],
    queryFn: async ({ signal }) => {
      const found = await client.bytes("blobs.get", { params: { sha256 }, query: { mediaType }, signal });
      return { value: contentOf(new TextDecoder().decode(found), mediaType) };
    },
    enabled: isDisplayable(blob),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (content.error instanceof RestError && lostCodes.has(content.error.code))
    return (
      <p className="problem">
        {bytes(size)} of {mediaType}: missing. {content.error.message}
      </p>
    );
  return (
    <>
      <p className="small soft">
        {bytes(size)} of {mediaType}, stored separately.{" "}
        <a href={pathIn(currentNamespace(), pathOf(["blobs", sha256], { mediaType }))} download>
          Save {label}
        </a>
      </p>
      {content.isLoading ? <Loading label={label} lines={3} /> : null}
      {content.error === null ? null : <p className="problem">{content.error.message}</p>}
      {content.data === undefined ? null : <JsonView value={content.data.value} label={label} />}
    </>
  );
}
