/** Why a page cannot be shown, and what helps. Its program may be missing as well as faulty. */

export interface PageFailure {
  readonly head: string;
  readonly title: string;
  readonly message: string;
  /** For a report. Empty where a user can help himself. */
  readonly code: string;
  /** Whether the page has to be loaded from the platform again, and not only drawn. */
  readonly reloads: boolean;
}

export function pageFailureOf(error: unknown, isDisconnected: boolean): PageFailure {
  const code = error instanceof Error ? error.message : String(error);
  if (isMissing(code) && isDisconnected)
    return {
      head: "Platform not reachable",
      title: "The page cannot be loaded",
      message: "The platform does not answer. The page loads when the platform is connected again.",
      code: "",
      reloads: true,
    };
  if (isMissing(code))
    return {
      head: "Page not loaded",
      title: "The page cannot be loaded",
      message: "The platform may have a new version of the dashboard. Load the page again.",
      code: "",
      reloads: true,
    };
  return {
    head: "Page error",
    title: "The page failed to render",
    message:
      "Runs are not affected. Try again. If the error stays, open another page or use the CLI, and report this text.",
    code,
    reloads: false,
  };
}

/** As browsers and the bundler say that a part of the program did not come. */
function isMissing(message: string): boolean {
  return /preload CSS|dynamically imported module|module script/i.test(message);
}
