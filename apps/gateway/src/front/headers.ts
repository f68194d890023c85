/** Security headers of every response, so that text of users stays text. */

const shared = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "x-frame-options": "DENY",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
} as const;

/** Headers of responses that are no page: browsers must not run, frame or store them. */
export const dataHeaders: Readonly<Record<string, string>> = {
  ...shared,
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
  "cache-control": "no-store",
};

/** Headers of the dashboard: it may load its own scripts and styles only. */
export const pageHeaders: Readonly<Record<string, string>> = {
  ...shared,
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};
