import { type Template, templatesOf } from "./template.ts";

/** The examples are part of the release, so the page contains them as they were when it was built. */
export const templates: readonly Template[] = templatesOf(
  import.meta.glob<string>("../../../../../examples/{workflows,agents,missions,sessions}/*/*.{yaml,ts,mjs}", {
    query: "?raw",
    import: "default",
    eager: true,
  }),
);
