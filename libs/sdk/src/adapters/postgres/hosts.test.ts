import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hostsOf, isRole } from "./hosts.ts";

describe("a connection string of PostgreSQL", () => {
  for (const [text, texts, roles] of [
    ["postgres://ada:p%40ss@db/shop", ["postgres://ada:p%40ss@db/shop"], ["any"]],
    [
      "postgresql://ada:x@one:5432,two:5433/shop?sslmode=require&target_session_attrs=read-write",
      [
        "postgresql://ada:x@one:5432/shop?sslmode=require",
        "postgresql://ada:x@two:5433/shop?sslmode=require",
      ],
      ["read-write"],
    ],
    [
      "postgres://one,[::1]:9/?target_session_attrs=prefer-standby&a=b",
      ["postgres://one/?a=b", "postgres://[::1]:9/?a=b"],
      ["standby", "any"],
    ],
    ["postgres://one?target_session_attrs=primary", ["postgres://one"], ["primary"]],
  ] as const)
    it(`has a string for each host: ${text}`, () => assert.deepEqual(hostsOf(text), { texts, roles }));

  for (const text of ["mysql://db", "one,two", "postgres://db/shop?target_session_attrs=master"])
    it(`is refused: ${text}`, () => assert.throws(() => hostsOf(text)));

  for (const [row, roles] of [
    [{ standby: false, readOnly: false }, ["any", "read-write", "primary"]],
    [{ standby: false, readOnly: true }, ["any", "read-only", "primary"]],
    [{ standby: true, readOnly: true }, ["any", "read-only", "standby"]],
  ] as const)
    it(`leads to a server with ${JSON.stringify(row)} for ${roles.join(", ")}`, () => {
      const all = ["any", "read-write", "read-only", "primary", "standby"] as const;
      assert.deepEqual(
        all.filter((role) => isRole(role, row)),
        roles,
      );
    });
});
