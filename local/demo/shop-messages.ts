/** What the fleet and a shop's process say to each other over IPC. */
import type { Settings } from "../../plugin-client/core/host.ts";

export interface ShopConfig {
  apiUrl: string;
  /** The shop's own folder: identity, versions, settings, data. */
  root: string;
  product: string;
  /** Present until the shop has an identity. */
  claimCode?: string;
  /** What is put in place when no version is installed yet: `file` is the path of the zip. */
  install: { version: string; file: string };
  /** Set at every opening: addresses change from start to start. */
  settings: Settings;
  /** Set at the first opening only; later it is the merchant's. */
  firstSettings: Settings;
  region: string;
}

export type ToShop =
  | { type: "open"; config: ShopConfig }
  | { type: "change"; settings: Settings }
  | { type: "close" };
export type FromShop =
  | { type: "opened"; pluginId: string }
  | { type: "changed" }
  | { type: "failed"; message: string };
