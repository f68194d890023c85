import { queryOptions, useQuery } from "@tanstack/react-query";
import type { GetPauseReply } from "@tutti/rest/types";
import { read } from "../data/queries.ts";
import { pathOf } from "../elements/spelled.ts";
import { Glyph } from "../score/glyph.tsx";

const lookMs = 15_000;
const idleLookMs = 60_000;

/** A user without this right sees no banner. */
const pauseQuery = () =>
  queryOptions({
    queryKey: ["pause"],
    queryFn: ({ signal }) => read<GetPauseReply>(pathOf(["pause"]), signal),
    refetchInterval: ({ state }) => (state.data?.paused === true ? lookMs : idleLookMs),
    retry: false,
  });

/** Shows that the installation was started paused, so that a user knows why work does not proceed. */
export function PauseBanner() {
  const { data } = useQuery(pauseQuery());
  const on = data?.services.filter(({ partitions }) => partitions.length > 0) ?? [];
  const [first] = on;
  if (first === undefined) return null;
  const isPartly = on.some(({ released }) => released.length > 0);
  return (
    <p className="paused-whole tone-held" role="status">
      <Glyph name="caesura" />
      <span>
        {isPartly
          ? "This installation is paused. Parts of it are released"
          : "This installation is paused. No tasks start"}{" "}
        <span className="soft">
          ({first.name}). <code>tutti release</code> resumes it.
        </span>
      </span>
    </p>
  );
}
