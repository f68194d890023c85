/** Connection strings with several hosts, as libpq reads them: `postgres://user@one:5432,two:5432/db?target_session_attrs=read-write`. */

const roles = ["any", "read-write", "read-only", "primary", "standby"] as const;
/** Required role of a server. */
export type Role = (typeof roles)[number];

export interface Hosts {
  /** A connection string for each host, in order. */
  readonly texts: readonly string[];
  /** Accepted roles. Servers with an earlier role are preferred. */
  readonly roles: readonly Role[];
}

/** Parses a connection string. Throws if it is not valid for PostgreSQL. */
export function hostsOf(text: string): Hosts {
  const [, start, places, rest = ""] =
    /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^/?#]*)(.*)$/s.exec(text) ?? [];
  if (start === undefined || places === undefined) throw new Error("another scheme");
  const [path = "", query = ""] = rest.split(/\?(.*)/s);
  const others = query.split("&").filter((part) => part !== "" && !part.startsWith(`${attribute}=`));
  const end = others.length === 0 ? path : `${path}?${others.join("&")}`;
  return {
    texts: places.split(",").map((place) => `${start}${place}${end}`),
    roles: rolesIn(new URLSearchParams(query).get(attribute) ?? "any"),
  };
}

const attribute = "target_session_attrs";

/** Parameters of libpq without a counterpart in `pg`. Without them a connection is as safe. */
const ignoredParameters = [
  "connect_timeout",
  "keepalives",
  "keepalives_count",
  "keepalives_idle",
  "keepalives_interval",
  "sslcompression",
  "sslsni",
  "tcp_user_timeout",
];

/** Parameters that `pg` or this code understands, or may ignore. */
export const connectionParameters = [
  ...ignoredParameters,
  attribute,
  "application_name",
  "binary",
  "channel_binding",
  "client_encoding",
  "fallback_application_name",
  "host",
  "idle_in_transaction_session_timeout",
  "lock_timeout",
  "options",
  "password",
  "port",
  "query_timeout",
  "replication",
  "ssl",
  "sslcert",
  "sslkey",
  "sslmode",
  "sslnegotiation",
  "sslrootcert",
  "statement_timeout",
  "uselibpqcompat",
  "user",
];

function rolesIn(text: string): readonly Role[] {
  if (text === "prefer-standby") return ["standby", "any"];
  const role = roles.find((each) => each === text);
  if (role === undefined) throw new Error(`${attribute}: another word`);
  return [role];
}

/** Returns one row with the columns that `isRole` reads. */
export const roleQuery = `SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only') = 'on' AS "readOnly"`;

export function isRole(role: Role, row: { readonly standby: boolean; readonly readOnly: boolean }): boolean {
  switch (role) {
    case "any":
      return true;
    case "read-write":
      return !row.readOnly;
    case "read-only":
      return row.readOnly;
    case "primary":
      return !row.standby;
    case "standby":
      return row.standby;
  }
}
