/** One route of the API as a row, and what many rows share. */
import type { SchemaName } from "../schemas.ts";

export type Security = "none" | "claim" | "plugin" | "ops" | "sira";

export interface Operation {
  summary: string;
  security: Security;
  query?: SchemaName;
  body?: SchemaName;
  /** Schema of the JSON answer, by success status; a sentence where it is no JSON. */
  replies: Readonly<Record<number, { schema: SchemaName } | { text: string }>>;
  /** Statuses of refusals, each with an ErrorBody. 500 goes without saying. */
  refusals: readonly number[];
}

export const json = (schema: SchemaName) => ({ 200: { schema } }) as const;
export const created = (schema: SchemaName) => ({ 201: { schema } }) as const;

/** What every plugin route may refuse: bad shape, identity, size, media type, flood, busy object. */
export const PLUGIN = [400, 401, 413, 415, 429, 503] as const;
export const READ = [401, 403, 503] as const;
export const LIST = [400, ...READ] as const;
export const WRITE = [400, 401, 403, 409, 413, 415, 503] as const;
/** 404 where no token is set. */
export const SIRA = [400, 401, 404, 413, 415, 503] as const;
