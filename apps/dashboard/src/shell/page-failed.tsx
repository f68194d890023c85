import type { ErrorComponentProps } from "@tanstack/react-router";
import { queryClient } from "../data/query-client.ts";
import { Failure, PageHead } from "../elements/parts.tsx";

/** A page that fails while it is drawn takes nothing else with it. */
export function PageFailed({ error, reset }: ErrorComponentProps) {
  return (
    <>
      <PageHead title="This page cannot be shown" />
      <Failure
        title="It failed while it was drawn"
        message="That is a mistake in the page, and what runs is not touched by it. Try again; if it fails again, go elsewhere by the menu or use the command, and report this text."
        code={error instanceof Error ? error.message : String(error)}
        onRetry={() => {
          // It may have been what it was told: that is asked again.
          queryClient.removeQueries({ type: "inactive" });
          reset();
        }}
      />
    </>
  );
}
