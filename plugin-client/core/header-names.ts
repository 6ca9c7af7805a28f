/**
 * Header names of the signed envelope. The core imports types only from the contract, so the values stand here again; the
 * types below fail to compile when the two differ.
 */
import type * as contract from "../../src/contract/envelope.ts";

export const HEADER_ID: typeof contract.HEADER_ID = "webhook-id";
export const HEADER_TIMESTAMP: typeof contract.HEADER_TIMESTAMP = "webhook-timestamp";
export const HEADER_SIGNATURE: typeof contract.HEADER_SIGNATURE = "webhook-signature";
export const HEADER_PLUGIN: typeof contract.HEADER_PLUGIN = "x-plugin-id";
