import { NeonDbError } from "@neondatabase/serverless";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { classifyPgError } from "../../src/postgres/ledger.ts";

const pgError = (code?: string) => Object.assign(new NeonDbError("postgres says no"), { code });

describe("classifyPgError", () => {
  it.each([
    ["23505", "rejected"],
    ["23514", "rejected"],
    ["23502", "rejected"],
    ["22P05", "rejected"],
    ["54000", "rejected"],
    ["P0001", "rejected"],
    ["40P01", "unavailable"],
    ["40001", "unavailable"],
    ["57P01", "unavailable"],
    ["57014", "unavailable"],
    ["53300", "unavailable"],
    ["08006", "unavailable"],
    ["28P01", "unavailable"],
    ["3D000", "unavailable"],
    ["42P01", "unavailable"],
    ["42501", "unavailable"],
    ["XX000", "unavailable"],
  ])("takes SQLSTATE %s for %s", (code, kind) => {
    expect(classifyPgError(pgError(code))).toEqual({ kind, code, message: "postgres says no" });
  });

  it("finds the driver's error under drizzle's and others", () => {
    const wrapped = new Error("outer", { cause: new DrizzleQueryError("insert", [], pgError("23505")) });
    expect(classifyPgError(wrapped)).toMatchObject({ kind: "rejected", code: "23505" });
  });

  it.each([
    pgError(),
    new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) }),
    new DOMException("timed out", "TimeoutError"),
    "a thrown string",
    null,
  ])("takes %s for an outage without a code", (error) => {
    const failure = classifyPgError(error);
    expect(failure.kind).toBe("unavailable");
    expect(failure.code).toBeUndefined();
    expect(failure.message).not.toBe("");
  });
});
