/** What the fleet and a shop's process say to each other over IPC. */
export interface ShopConfig {
  apiUrl: string;
  /** The shop's own folder: identity, versions, settings, data. */
  root: string;
  product: string;
  /** Present until the shop has an identity. */
  claimCode?: string;
  region: string;
}

export type ToShop = { type: "open"; config: ShopConfig } | { type: "close" };
export type FromShop = { type: "opened"; pluginId: string } | { type: "failed"; message: string };
