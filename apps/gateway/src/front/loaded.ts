/**
 * What is behind the door, as code. It is loaded while the process is put together and only where there is a gateway:
 * what loading leaves behind is given back before the first request is served, which later could not be done.
 */
export async function loadFront() {
  const [
    { Realtime },
    { LinkDoor },
    { openFront },
    { metricsPlugin },
    { webhooksPlugin },
    { mcpPlugin },
    { a2aPlugin },
    { alertmanagerPlugin },
    { callsPlugin },
    { otlpPlugin },
  ] = await Promise.all([
    import("../realtime/realtime.ts"),
    import("../link/link-door.ts"),
    import("./front.ts"),
    import("../metrics/metrics-plugin.ts"),
    import("../webhooks/webhooks-plugin.ts"),
    import("../mcp/mcp-plugin.ts"),
    import("../a2a/a2a-plugin.ts"),
    import("../alertmanager/alertmanager-plugin.ts"),
    import("../calls/calls-plugin.ts"),
    import("../otlp/otlp-plugin.ts"),
  ]);
  return {
    Realtime,
    LinkDoor,
    openFront,
    metricsPlugin,
    webhooksPlugin,
    mcpPlugin,
    a2aPlugin,
    alertmanagerPlugin,
    callsPlugin,
    otlpPlugin,
  };
}

export type LoadedFront = Awaited<ReturnType<typeof loadFront>>;
