/** Where things are under a host's root folder. */
import { join } from "node:path";

export interface Layout {
  root: string;
  /** `versions/<version>/`: unpacked releases. A folder with this name is complete: it got its name by a rename. */
  versions: string;
  /** Unpacking happens here; emptied at start. */
  staging: string;
  /** Shared by all versions of the plugin. */
  data: string;
  /** Which version is switched to, and those before it. */
  current: string;
  journal: string;
  /** Settings with the previous ones and the mark of the last change: the authority. */
  config: string;
  /** The plain settings, written out for the plugin before each start. */
  settings: string;
}

export function layoutOf(root: string): Layout {
  const at = (name: string) => join(root, name);
  return {
    root,
    versions: at("versions"),
    staging: at("staging"),
    data: at("data"),
    current: at("current.json"),
    journal: at("journal.json"),
    config: at("config.json"),
    settings: at("settings.json"),
  };
}

/** Note beside the unpacked files: the digest of the zip they came from. No release may bring a file of this name. */
export const ORIGIN_FILE = ".vigie-origin.json";
